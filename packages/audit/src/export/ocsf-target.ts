import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { ExportedRecord } from './exported.ts'
import { toOcsf } from './ocsf.ts'
import { checkUrl, type PostOptions, post } from './post.ts'
import type { ForwardTarget } from './target.ts'

const linesOf = (records: readonly ExportedRecord[]) =>
  records.map((one) => `${JSON.stringify(toOcsf(one))}\n`).join('')

/** OCSF events, one a line, by POST: a webhook, or the raw endpoint of Splunk's HEC. Throws `LELU_AUDIT_OPTIONS_INVALID`. */
export function ocsfHttpTarget(options: PostOptions): ForwardTarget {
  const { origin, pathname } = checkUrl(options.url)
  return {
    name: `ocsf ${origin}${pathname}`,
    async send(records, signal) {
      const how = { 'content-type': 'application/x-ndjson' }
      const answer = await post(options, Buffer.from(linesOf(records)), how, signal)
      return answer.status === 'posted' ? { status: 'taken' } : answer
    },
  }
}

/** OCSF events, one a line, at the end of a file; acknowledged when they are on disk. */
export function ocsfFileTarget(path: string): ForwardTarget {
  const file = resolve(path)
  return {
    name: `ocsf ${file}`,
    async send(records) {
      try {
        await append(file, linesOf(records))
        return { status: 'taken' }
      } catch (error) {
        const { code = 'unknown error' } = error as NodeJS.ErrnoException
        return { status: 'later', why: `the file cannot be written (${code})` }
      }
    },
  }
}

async function append(path: string, text: string): Promise<void> {
  const file = await open(path, 'a+', 0o600)
  try {
    const { size } = await file.stat()
    const last = Buffer.alloc(1)
    if (size > 0) await file.read(last, 0, 1, size - 1)
    // A line that a crash has torn ends here; its record was not acknowledged, and follows whole.
    const begin = size > 0 && last[0] !== 10 ? '\n' : ''
    await file.appendFile(begin + text)
    await file.datasync()
  } finally {
    await file.close()
  }
}

/** OCSF events, one a line, to whoever reads; acknowledged when they are written. */
export function ocsfLinesTarget(name: string, write: (text: string) => void): ForwardTarget {
  return {
    name: `ocsf ${name}`,
    async send(records) {
      write(linesOf(records))
      return { status: 'taken' }
    },
  }
}
