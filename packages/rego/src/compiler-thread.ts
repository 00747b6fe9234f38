import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { compilerInfo } from './compiler-info.ts'
import { RegoError } from './errors.ts'
import type { InstanceOptions } from './instance.ts'
import type { WorkerReply } from './worker.ts'

export type CompilerThreadOptions = {
  /** Default: the OPA module of this package. */
  module?: InstanceOptions
  /** Milliseconds without a request after which the thread ends. Default 30,000. */
  idleMs?: number
  /** The thread is replaced when its memory, which never shrinks, is larger. Default 512 MiB. */
  memoryBytes?: number
}

export interface CompilerThread {
  /** Sends one JSON request, gives the JSON response. One after the other, in order. */
  request(text: string, timeoutMs: number): Promise<string>
  /** Ends the thread once the requests before it are answered. A later request starts another. */
  close(): Promise<void>
}

// Both run: .ts under the `lelu:source` condition, .js from dist.
const workerFile = new URL(
  import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js',
  import.meta.url,
)

/** A thread that starts at the first request, ends when idle, and never keeps the process alive by itself. */
export function createCompilerThread(options: CompilerThreadOptions = {}): CompilerThread {
  const { idleMs = 30_000, memoryBytes = 512 * 1024 * 1024 } = options
  let worker: Worker | undefined
  let idle: NodeJS.Timeout | undefined
  let last: Promise<unknown> = Promise.resolve()

  const end = async (): Promise<void> => {
    clearTimeout(idle)
    const ending = worker
    worker = undefined
    await ending?.terminate()
  }

  const start = (): Worker => {
    let started: Worker
    try {
      started = startWorker(options.module ?? shippedModule())
    } catch (error) {
      throw failed(error instanceof Error ? error.message : String(error), error)
    }
    // One that ends between two requests must not be asked again: it would never answer.
    started.once('exit', () => {
      if (worker === started) worker = undefined
    })
    worker = started
    return started
  }

  const run = async (text: string, timeoutMs: number): Promise<string> => {
    clearTimeout(idle)
    const running = worker ?? start()
    let keep = false
    try {
      const reply = await exchange(running, text, timeoutMs)
      keep = reply.memoryBytes <= memoryBytes
      return reply.response
    } finally {
      if (keep) {
        idle = setTimeout(() => void end(), idleMs)
        idle.unref()
      } else {
        await end()
      }
    }
  }

  const queue = <T>(job: () => Promise<T>): Promise<T> => {
    const result = last.then(job)
    last = result.catch(() => undefined)
    return result
  }

  return {
    request: (text, timeoutMs) => queue(() => run(text, timeoutMs)),
    close: () => queue(end),
  }
}

function shippedModule(): InstanceOptions {
  return {
    file: fileURLToPath(new URL('../wasm/opa.wasm.br', import.meta.url)),
    sha256: compilerInfo().brotliSha256,
  }
}

function startWorker(module: InstanceOptions): Worker {
  // Neither the process's environment (secrets) nor its flags (loaders, --eval) are for the compiler.
  const worker = new Worker(workerFile, {
    workerData: module,
    env: {},
    execArgv: [],
    name: 'lelu-compiler',
  })
  // An idle thread keeps no process alive; the timer of a running request does.
  worker.unref()
  // An error after the answer has nobody to report to, and without a listener it would end the process.
  return worker.on('error', () => undefined)
}

function exchange(
  worker: Worker,
  text: string,
  timeoutMs: number,
): Promise<{ response: string; memoryBytes: number }> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      clearTimeout(timer)
      worker.off('message', onMessage).off('error', onError).off('exit', onExit)
      act()
    }
    const onMessage = (reply: WorkerReply): void =>
      settle(() => ('failure' in reply ? reject(failed(reply.failure)) : resolve(reply)))
    const onError = (error: unknown): void =>
      settle(() => reject(failed(error instanceof Error ? error.message : String(error), error)))
    const onExit = (code: number): void =>
      settle(() => reject(failed(`its thread ended with code ${code}`)))
    const timer = setTimeout(() => settle(() => reject(timedOut(timeoutMs))), timeoutMs)
    worker.on('message', onMessage).on('error', onError).on('exit', onExit)
    worker.postMessage(text)
  })
}

function failed(reason: string, cause?: unknown): RegoError {
  return new RegoError({
    code: 'LELU_COMPILER_FAILED',
    message: `The Rego compiler failed, so nothing is known about the policy: ${reason}`,
    help: 'Try again: the next request starts a fresh compiler. If it fails again, reinstall @lelu/rego and report the policy.',
    ...(cause === undefined ? {} : { cause }),
  })
}

function timedOut(timeoutMs: number): RegoError {
  return new RegoError({
    code: 'LELU_COMPILER_TIMEOUT',
    message: `The Rego compiler gave no answer within ${timeoutMs} ms and was stopped.`,
    help: 'Make the policy or its tests smaller, or raise timeoutMs.',
  })
}
