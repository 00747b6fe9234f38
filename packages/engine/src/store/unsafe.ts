import { LeluError } from '../errors.ts'

/** Refuses a database that can lose what it has answered; with `allow` it is only warned of. */
export function unsafeStore(
  name: string,
  { why, help }: { why: string; help: string },
  allow: boolean,
): void {
  const message = `${name} is not safe for approvals: ${why}.`
  if (!allow) {
    throw new LeluError('LELU_STORE_UNSAFE', message, {
      help: `${help} To start all the same, pass allowUnsafeStore: true.`,
    })
  }
  process.emitWarning(`${message} ${help}`, { code: 'LELU_STORE_UNSAFE' })
}
