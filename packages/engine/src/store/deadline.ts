import { LeluError } from '../errors.ts'

/** A store that does not answer in time means no, never a hang (default 2 s an operation). */
export function withDeadline<T>(operation: Promise<T>, ms: number, doing: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new LeluError(
            'LELU_STORE_UNAVAILABLE',
            `The approvals store did not answer within ${ms} ms (${doing}).`,
            {
              help: 'Check that the database is up and reachable, then try again. No tool runs until the store answers.',
            },
          ),
        ),
      ms,
    )
  })
  return Promise.race([operation, late]).finally(() => clearTimeout(timer))
}
