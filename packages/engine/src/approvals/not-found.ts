import { LeluError } from '../errors.ts'
import { shownId } from '../request/shown-id.ts'

/** Says the same of an id that nobody has, of one that another tenant has, and of what is no id at all. */
export function notFound(given: unknown): LeluError {
  const id = shownId(given)
  return new LeluError('LELU_APPROVAL_NOT_FOUND', `There is no approval ${id}.`, {
    help: 'Check the id and the directory (`--directory`, `LELU_DIRECTORY`); `lelu approvals list` shows what is there.',
    details: { approval: id },
  })
}
