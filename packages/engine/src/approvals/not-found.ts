import { LeluError } from '../errors.ts'

/** Says the same of an id that nobody has and of one that another tenant has. */
export function notFound(id: string): LeluError {
  return new LeluError('LELU_APPROVAL_NOT_FOUND', `There is no approval ${id}.`, {
    help: 'Check the id and the directory (`--directory`, `LELU_DIRECTORY`); `lelu approvals list` shows what is there.',
    details: { approval: id },
  })
}
