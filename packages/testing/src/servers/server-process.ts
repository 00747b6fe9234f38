import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'

/** A database server of a test, and what can befall it. */
export type ServerProcess = {
  /** Of the process that listens. */
  pid(): number | undefined
  /** SIGKILL, as when the machine dies; answers when it is gone. */
  kill(): Promise<void>
  /** Starts it again on the same port and data, and waits until it answers. */
  restart(): Promise<void>
  /** Stands still: connections stay open, and nothing is answered. */
  pause(): void
  resume(): void
  stop(): Promise<void>
}

/** The first folder with this program, as Debian and others put it there; undefined when it is not installed. */
export function folderOf(program: string, more: readonly string[] = []): string | undefined {
  const path = (process.env.PATH ?? '').split(':')
  return [...more, ...path].find((folder) => existsSync(join(folder, program)))
}

/** The folders below one, such as those of several versions. */
export function foldersIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

/** Whether the program answers with 0. */
export function succeeds(program: string, words: string[]): Promise<boolean> {
  const run = spawn(program, words, { stdio: 'ignore' })
  return new Promise((resolve) => {
    run.on('error', () => resolve(false))
    run.on('close', (code) => resolve(code === 0))
  })
}

/** Linux tells. */
function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    return text.split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

type Description = {
  name: string
  launch: () => ChildProcess
  isReady: () => Promise<boolean>
  /** After the server has ended for good. */
  cleanUp: () => void
}

/** Launches a server and waits until it answers, 2 minutes at most. */
export async function runServer(description: Description): Promise<ServerProcess> {
  const { name, launch, isReady, cleanUp } = description
  let running: { child: ChildProcess; ended: Promise<void> } | undefined

  async function start(): Promise<void> {
    const child = launch()
    const ended = new Promise<void>((resolve) => {
      child.on('close', () => resolve())
      child.on('error', () => resolve())
    })
    running = { child, ended }
    for (let look = 0; look < 1200; look += 1) {
      if (await isReady()) return
      if (child.exitCode !== null) break
      await new Promise((next) => setTimeout(next, 100))
    }
    await end('SIGKILL')
    cleanUp()
    throw new Error(`${name} did not start.`)
  }

  /** To the server and all its children: those of PostgreSQL answer clients by themselves, each in a session of its own. */
  function signalAll(signal: NodeJS.Signals, pid = running?.child.pid): void {
    for (const one of pid === undefined ? [] : [pid, ...childrenOf(pid)]) {
      try {
        process.kill(one, signal)
      } catch {} // it has ended
    }
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const ending = running
    running = undefined
    if (ending === undefined) return
    signalAll('SIGCONT', ending.child.pid)
    if (signal === 'SIGKILL') signalAll(signal, ending.child.pid)
    else ending.child.kill(signal)
    // Clients that are leaving go first; whoever still holds on after 5 s is cut off.
    const late = setTimeout(() => ending.child.kill(signal === 'SIGTERM' ? 'SIGINT' : signal), 5000)
    await ending.ended
    clearTimeout(late)
  }

  await start()
  return {
    pid: () => running?.child.pid,
    kill: () => end('SIGKILL'),
    restart: start,
    pause: () => signalAll('SIGSTOP'),
    resume: () => signalAll('SIGCONT'),
    async stop() {
      await end('SIGTERM')
      cleanUp()
    },
  }
}
