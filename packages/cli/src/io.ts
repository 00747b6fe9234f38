/** Everything the command touches of its surroundings, so that tests can stand in for a terminal. */
export interface Io {
  /** Standard output. */
  write(text: string): void
  /** Standard error. */
  writeError(text: string): void
  /** All of standard input, in bytes; rejects with `LELU_INPUT_TOO_LARGE` past `limit`. */
  readStdin(limit: number): Promise<Buffer>
  /** Asks on standard error. An end of input, or an interrupt, answers the empty string. */
  ask(question: string): Promise<string>
  readonly terminal: {
    readonly stdin: boolean
    readonly stdout: boolean
    readonly stderr: boolean
    /** How wide standard output is, where it is a terminal. */
    readonly columns?: number | undefined
  }
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborted by Ctrl-C, and when nobody reads standard output any more. */
  readonly signal: AbortSignal
}
