import { createInterface } from 'node:readline/promises'
import type { Io } from './io.ts'
import { readBounded } from './read-text.ts'

/** How long a command has to come to a clean end after Ctrl-C, in ms: a log is sealed and a server's clients are told. */
const graceMs = 5000

/** The terminal of this process, and what its exit code is in the end. */
export type ProcessIo = {
  io: Io
  /** The exit code of the process, when `code` is that of the command. */
  exitCode(code: number): number
}

/** The real terminal, with Ctrl-C, SIGTERM and closed pipes (`lelu audit tail | head`) turned into an abort. */
export function processIo(): ProcessIo {
  const { stdin, stdout, stderr } = process
  const abort = new AbortController()
  let interrupted = false
  let outputLost = false
  const end = (code: number) => {
    if (abort.signal.aborted) process.exit(code)
    abort.abort()
    setTimeout(() => process.exit(code), graceMs).unref()
  }
  const interrupt = () => {
    end(130)
    interrupted = true
  }
  process.on('SIGINT', interrupt)
  // How service managers and containers end a process: for a server that comes to its end in time, it is no failure.
  process.on('SIGTERM', () => end(143))
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    abort.abort()
    // A reader that has seen enough is no failure; a full disk behind `>` is.
    if (outputLost || error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED') return
    outputLost = true
    stderr.write(`LELU_FILE_FAILED\n\n  × Standard output could not be written (${error.code}).\n`)
  })
  stderr.on('error', () => {}) // there is no place left to tell it
  const io: Io = {
    write: (text) => void stdout.write(text),
    writeError: (text) => void stderr.write(text),
    readStdin: (limit) => readBounded(stdin, limit, 'Standard input'),
    async ask(question) {
      const lines = createInterface({ input: stdin, output: stderr })
      lines.on('SIGINT', interrupt)
      const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')))
      const answered = lines.question(question, { signal: abort.signal }).catch(() => '')
      try {
        return await Promise.race([answered, closed])
      } finally {
        lines.close()
      }
    },
    terminal: {
      stdin: stdin.isTTY === true,
      stdout: stdout.isTTY === true,
      stderr: stderr.isTTY === true,
      get columns() {
        return stdout.columns
      },
    },
    env: process.env,
    signal: abort.signal,
  }
  return {
    io,
    exitCode: (code) => (interrupted ? 130 : code === 0 && outputLost ? 1 : code),
  }
}
