import { fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { Note } from './note-requests.ts'

const command = new URL('../../../../packages/mcp/src/bin.ts', import.meta.url)
const noteRequests = new URL('./note-requests.ts', import.meta.url)

export type Listener = {
  url(path: '/mcp' | '/sse'): string
  /** Every request since it was last asked. */
  taken(): Promise<Note[]>
  stop(): Promise<void>
}

/** `lelu-mcp serve` on a free port of loopback, as a process of its own; with a token, nobody is let in without it. */
export async function startListener(folder: string, token?: string): Promise<Listener> {
  mkdirSync(folder)
  const child = fork(command, words(folder, token), {
    cwd: folder,
    execArgv: ['--conditions=lelu:source', '--import', noteRequests.href],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  const notes: Note[] = []
  child.on('message', (note) => notes.push(note as Note))
  const ended = once(child, 'exit')
  const started = once(createInterface(child.stdout as Readable), 'line')
  const first = await Promise.race([started, ended.then(() => null)])
  if (first === null) throw new Error('lelu-mcp serve did not start.')
  const { origin } = new URL((JSON.parse(first[0]) as { url: string }).url)
  const isMark = (note: Note) => note !== 'refused' && note.path === '/health'
  return {
    url: (path) => `${origin}${path}`,
    async taken() {
      // Notes come in order: those of all earlier requests are here once this one's is.
      await fetch(`${origin}/health`)
      while (!notes.some(isMark)) await once(child, 'message')
      return notes.splice(0).filter((note) => !isMark(note))
    },
    async stop() {
      child.kill('SIGINT')
      const late = setTimeout(() => child.kill('SIGKILL'), 10_000)
      await ended
      clearTimeout(late)
    },
  }
}

function words(folder: string, token: string | undefined): string[] {
  const serve = ['--directory', join(folder, '.lelu'), '--json', 'serve', '--port', '0']
  if (token === undefined) return serve
  const principals = join(folder, 'principals.json')
  const digest = createHash('sha256').update(token).digest('hex')
  const caller = { subject: { type: 'agent', id: 'smoke' } }
  writeFileSync(principals, JSON.stringify({ principals: { [digest]: caller } }), { mode: 0o600 })
  return [...serve, '--auth', 'token', '--principals', principals]
}
