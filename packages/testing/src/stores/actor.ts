import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Host } from '../servers/two-hosts.ts'
import { workerWords } from '../worker-words.ts'
import type { StoreKeyv } from './harness.ts'
import { openPlayer } from './player.ts'
import type { Order, Reply, WorkerLine, WorkerSetup } from './protocol.ts'

/** Somebody who shares the store: a process of its own, or an engine in this one. */
export type Actor = {
  order(order: Order): Promise<Reply>
  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void
  /** Until it halts at the point it was told. */
  halted(): Promise<void>
  /** Whether its process still runs. */
  alive(): boolean
  close(): Promise<void>
}

const killed: Reply = { code: 'KILLED', ms: 0, unrecorded: 0 }

/** How much is kept of what a process writes to stderr, in characters: an error's first lines. */
const keptErrors = 1500

/** How long a process may take to leave by itself, in ms. */
const leaveMs = 5000

/** A real process, on `host` where one is given; resolves when its engine is open. */
export async function startProcess(
  setup: WorkerSetup,
  compileCache: string,
  host?: Host,
): Promise<Actor> {
  // Most of the life of a worker is its start, and half of that is compiling the same files.
  const env = { ...process.env, NODE_COMPILE_CACHE: compileCache }
  const own = [process.execPath, ...workerWords(import.meta.url), JSON.stringify(setup)]
  const [program, ...words] = host === undefined ? own : host.inside(own)
  const child = spawn(program as string, words, { stdio: ['pipe', 'pipe', 'pipe'], env })
  const waiting = new Map<number, (reply: Reply) => void>()
  const ready = Promise.withResolvers<void>()
  const halted = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<void>()
  let running = true
  let count = 0
  let errors = ''
  child.stderr.on('data', (data) => {
    if (errors.length < keptErrors) errors += String(data).slice(0, keptErrors)
  })
  // Its pipe breaks when it is killed; the end of the process says so already.
  child.stdin.on('error', () => {})
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = JSON.parse(text) as WorkerLine
    if ('reply' in line) waiting.get(line.n)?.(line.reply)
    else if (line.note === 'ready') ready.resolve()
    else halted.resolve()
  })
  child.on('close', (code, signal) => {
    running = false
    ready.reject(new Error(`A worker ended (${code ?? signal}) before it was ready: ${errors}`))
    const message = signal === 'SIGKILL' ? 'killed' : `ended (${code ?? signal}): ${errors}`
    for (const settle of waiting.values()) settle({ ...killed, message })
    ended.resolve()
  })
  ready.promise.catch(() => {})
  await ready.promise
  return {
    order(order) {
      if (!running) return Promise.resolve(killed)
      count += 1
      const n = count
      return new Promise((resolve) => {
        waiting.set(n, (reply) => {
          waiting.delete(n)
          resolve(reply)
        })
        child.stdin.write(`${JSON.stringify({ n, order })}\n`)
      })
    },
    signal: (signal) => void child.kill(signal),
    halted: () => Promise.race([halted.promise, ended.promise]),
    alive: () => running,
    async close() {
      child.stdin.end()
      const late = setTimeout(() => child.kill('SIGKILL'), leaveMs)
      await ended.promise
      clearTimeout(late)
    },
  }
}

/** An engine in this process, for a store that other processes cannot share. */
export async function startHere(setup: WorkerSetup, keyv: StoreKeyv): Promise<Actor> {
  const player = await openPlayer(setup, keyv, () => {})
  const refuse = () => {
    throw new Error('An engine in this process cannot be stopped or killed.')
  }
  return {
    order: (order) => player.play(order),
    signal: refuse,
    halted: async () => refuse(),
    alive: () => true,
    close: () => player.close(),
  }
}
