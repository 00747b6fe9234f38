import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('./fixture/main.ts', import.meta.url))

export type Fixture = { origin: string; stop(): Promise<void> }

/** Starts the fixture in a process of its own, on a free port. */
export async function startFixture(): Promise<Fixture> {
  const args = ['--conditions=lelu:source', main, '--port', '0']
  const child: ChildProcess = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (child.stdout === null) throw new Error('no standard output')
  const [url] = await once(createInterface(child.stdout), 'line')
  return {
    origin: new URL(url).origin,
    async stop() {
      const exit = once(child, 'exit')
      child.kill('SIGTERM')
      await exit
    },
  }
}

export type Ran = { code: number; stdout: string; stderr: string }

/** Runs a program of Node to its end. Output of any length; no failure but a code. */
export function run(script: string, args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { maxBuffer: 64 * 1024 * 1024, timeout: 240_000 }
    execFile(process.execPath, [script, ...args], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1
      resolve({ code, stdout, stderr })
    })
  })
}
