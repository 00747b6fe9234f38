import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect } from 'vitest'
import { testCache } from '../support/cache.ts'
import { type Ended, runProcess, startProcess, temporaryFolder } from '../support/processes.ts'

const example = new URL('../../../examples/refunds/', import.meta.url)
const main = new URL('src/main.ts', example)
const cli = new URL('../../../packages/cli/src/bin.ts', import.meta.url)
export const policies: string = fileURLToPath(new URL('policies', example))
const readme = readFileSync(new URL('README.md', example), 'utf8')

delete process.env.OPENAI_API_KEY // the scripted model, whoever runs the tests

const pages = mkdtempSync(join(tmpdir(), 'lelu-refunds-'))

/** Builds the pages before the tests of a file: into a folder of their own, for files are tested at once. */
export function withPages(): void {
  beforeAll(async () => {
    const vite = fileURLToPath(new URL('node_modules/vite/bin/vite.js', example))
    const words = ['build', 'web', '--outDir', pages, '--emptyOutDir']
    await promisify(execFile)(process.execPath, [vite, ...words], { cwd: fileURLToPath(example) })
  }, 300_000)
  afterAll(() => rmSync(pages, { recursive: true, force: true }))
}

/** A code block of the README. */
export function block(language: string, index = 0): string {
  const found = [...readme.matchAll(new RegExp(`\`\`\`${language}\n(.+?)\`\`\``, 'gs'))]
  return found[index]?.[1] ?? ''
}

/** The example's server as a process, and what it printed when it was ready. */
export async function serve(data: string, port = '0') {
  const child = startProcess(main, ['--data', data, '--port', port, '--pages', pages])
  let printed = ''
  child.stderr?.on('data', (text) => {
    printed += text
  })
  for await (const text of child.stdout ?? []) {
    printed += text
    if (/token +\S+\n/.test(printed)) break
  }
  const word = (name: string) => {
    const found = new RegExp(`^${name} +(\\S+)$`, 'm').exec(printed)?.[1]
    if (found === undefined) throw new Error(`The server did not start: ${printed}`)
    return found
  }
  const url = word('chat').replace(/\/$/, '')
  return {
    url,
    port: new URL(url).port,
    token: word('token'),
    printed,
    async kill() {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

/** A new one, with a folder of its own. */
export async function start() {
  const data = temporaryFolder()
  mkdirSync(testCache, { recursive: true })
  mkdirSync(join(data, 'lelu'))
  symlinkSync(testCache, join(data, 'lelu/cache')) // the policy is the same in every test
  return { data, ...(await serve(data)) }
}

/** What the database says, by the example's own command. */
export async function orders(data: string): Promise<string> {
  return (await runProcess(main, ['orders', '--data', data])).stdout
}

export async function refunds(data: string): Promise<string[]> {
  return (await orders(data)).split('\n').filter((line) => line.startsWith('refund'))
}

/** The real CLI. */
export function runLelu(words: string[]): Promise<Ended> {
  return runProcess(cli, words)
}

/** The same as the README tells it to be used. */
export function lelu(data: string, words: string[]): Promise<Ended> {
  return runLelu([...words, '--directory', join(data, 'lelu')])
}

export async function pending(data: string): Promise<{ id: string; digest: string }[]> {
  return JSON.parse((await lelu(data, ['approvals', 'list', '--json'])).stdout).approvals
}

export async function approve(data: string): Promise<void> {
  const [waiting] = await pending(data)
  expect(await lelu(data, ['approvals', 'approve', waiting?.id ?? ''])).toMatchObject({ code: 0 })
}

/** What the page sends when a reviewer has decided. */
export const wakeUp = { message: { id: 'wake', role: 'assistant', parts: [] } }

/** A browser's session without the browser. */
export async function session(url: string) {
  const opened = await fetch(url)
  const cookie = opened.headers.get('set-cookie')?.split(';')[0] ?? ''
  const json = { 'content-type': 'application/json', cookie }
  const send = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(url + path, {
      method: 'POST',
      headers: { ...json, ...headers },
      body: JSON.stringify(body),
    })
  const sendChat = async (body: unknown) => (await send('/api/chat', body)).text()
  const ask = (what: string, id = 'm1') => {
    const parts = [{ type: 'text', text: `Please refund ${what}.` }]
    return sendChat({ message: { id, role: 'user', parts } })
  }
  return { send, ask, wake: () => sendChat(wakeUp) }
}
