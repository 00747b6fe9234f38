import { onTestFinished } from 'vitest'
import { startProcess } from '../support/processes.ts'

const command = new URL('../../../packages/mcp/src/bin.ts', import.meta.url)

/** What `lelu-mcp serve --json` says when it listens. */
export type Served = { url: string; servers: { server: string; tools: number; away?: string }[] }

/** `lelu-mcp` with these words and a free port, as a process of its own; stopped in order when the test ends. */
export async function startServe(words: string[], cwd?: string): Promise<Served> {
  const child = startProcess(command, [...words, '--port', '0', '--json'], cwd)
  let errors = ''
  child.stderr?.on('data', (data) => {
    errors += data
  })
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve()
        child.once('exit', () => resolve())
        child.kill('SIGINT')
      }),
  )
  let text = ''
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', (data) => {
      text += data
      if (text.includes('\n')) resolve(JSON.parse(text.slice(0, text.indexOf('\n'))) as Served)
    })
    child.once('exit', (code) => reject(new Error(`lelu-mcp ended with ${code}: ${errors}`)))
  })
}
