import { describeFailure, type Failure } from './fail.ts'
import type { Io } from './io.ts'
import { painter, safeJson, safeLines } from './print.ts'

/**
 * Prints a failure on standard error and answers its exit code. The stack is shown under LELU_DEBUG=1 only.
 * `command` is what the help of a misuse names.
 */
export function printFailure(error: unknown, io: Io, asJson: boolean, command = 'lelu'): number {
  const failure = describeFailure(error, command)
  const { exitCode, ...shown } = failure
  io.writeError(asJson ? `${safeJson({ error: shown }, 0)}\n` : failureText(failure, io))
  if (io.env.LELU_DEBUG === '1') io.writeError(`${safeLines(stackOf(error))}\n`)
  return exitCode
}

function failureText({ code, message, help }: Failure, io: Io): string {
  const paint = painter(io, 'stderr')
  const [first = '', ...more] = safeLines(message).split('\n')
  const lines = [
    paint('red', code),
    '',
    `  ${paint('red', '×')} ${first}`,
    ...more.map((line) => `    ${line}`),
    `  ${paint('cyan', 'help:')} ${safeLines(help).replaceAll('\n', '\n        ')}`,
  ]
  return `${lines.join('\n')}\n`
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : `\ncaused by: ${stackOf(error.cause)}`
  return `${error.stack ?? error.message}${cause}`
}
