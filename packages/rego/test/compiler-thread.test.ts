import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Worker } from 'node:worker_threads'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { type CompilerThreadOptions, createCompilerThread } from '../src/compiler-thread.ts'
import { RegoError } from '../src/index.ts'
import { failure } from './support/failure.ts'
import { writeFakeModule } from './support/fake-module.ts'

const run = promisify(execFile)
const folder = mkdtempSync(join(tmpdir(), 'lelu-thread-'))
const module = writeFakeModule(folder)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Counts the threads that start from now on. */
function countThreads(): () => number {
  let started = 0
  const listener = (): number => started++
  process.on('worker', listener)
  onTestFinished(() => void process.off('worker', listener))
  return () => started
}

async function withThread(
  options: CompilerThreadOptions,
  use: (thread: ReturnType<typeof createCompilerThread>) => Promise<void>,
): Promise<void> {
  const thread = createCompilerThread({ module, ...options })
  try {
    await use(thread)
  } finally {
    await thread.close()
  }
}

describe('the thread of the compiler', () => {
  it('answers one request after the other', () =>
    withThread({}, async (thread) => {
      const answers = await Promise.all(['a', 'b', 'c'].map((one) => thread.request(one, 60_000)))
      expect(answers).toEqual(['a', 'b', 'c'])
    }))

  it('fails the request that traps, and starts afresh for the next', () =>
    withThread({}, async (thread) => {
      expect(await thread.request('before', 60_000)).toBe('before')
      const trapped = failure(thread.request('trap', 60_000))
      const after = thread.request('after', 60_000)
      expect((await trapped).code).toBe('LELU_COMPILER_FAILED')
      expect((await trapped).message).toContain('unreachable')
      expect(await after).toBe('after')
    }))

  it('stops a request that never ends, and starts afresh for the next', () =>
    withThread({}, async (thread) => {
      const error = await failure(thread.request('loop', 500))
      expect(error.code).toBe('LELU_COMPILER_TIMEOUT')
      expect(await thread.request('after', 60_000)).toBe('after')
    }))

  it('is replaced when its memory has grown too large, and only then', async () => {
    const count = countThreads()
    await withThread({ memoryBytes: 1 }, async (thread) => {
      expect(await thread.request('1', 60_000)).toBe('1')
      expect(await thread.request('2', 60_000)).toBe('2')
    })
    expect(count()).toBe(2)
    await withThread({}, async (thread) => {
      await thread.request('1', 60_000)
      await thread.request('2', 60_000)
    })
    expect(count()).toBe(3)
  })

  it('ends when it has been idle, and starts again', async () => {
    const count = countThreads()
    await withThread({ idleMs: 1 }, async (thread) => {
      expect(await thread.request('1', 60_000)).toBe('1')
      await new Promise((resolve) => setTimeout(resolve, 50))
      expect(await thread.request('2', 60_000)).toBe('2')
    })
    expect(count()).toBe(2)
  })

  it('starts again after it was closed', () =>
    withThread({}, async (thread) => {
      expect(await thread.request('1', 60_000)).toBe('1')
      await thread.close()
      expect(await thread.request('2', 60_000)).toBe('2')
    }))

  it('that ended between two requests is not asked again', async () => {
    const threads: Worker[] = []
    const listener = (one: Worker): number => threads.push(one)
    process.on('worker', listener)
    onTestFinished(() => void process.off('worker', listener))
    await withThread({}, async (thread) => {
      expect(await thread.request('1', 60_000)).toBe('1')
      await threads[0]?.terminate()
      expect(await thread.request('2', 60_000)).toBe('2')
    })
    expect(threads).toHaveLength(2)
  })

  it('runs no module that is damaged', async () => {
    const file = join(folder, 'damaged.wasm.br')
    writeFileSync(file, 'not the module')
    await withThread({ module: { file, sha256: module.sha256 } }, async (thread) => {
      expect((await failure(thread.request('a', 60_000))).message).toContain('is damaged')
    })
  })

  it('fails with a RegoError when its file is missing', () =>
    withThread({ module: { file: join(folder, 'none'), sha256: '' } }, async (thread) => {
      expect(await failure(thread.request('a', 60_000))).toBeInstanceOf(RegoError)
    }))
})

describe('a process that compiled', () => {
  const index = fileURLToPath(new URL('../src/index.ts', import.meta.url))
  const script = (rest: string) => `
    import { compile, closeCompiler } from ${JSON.stringify(index)}
    const modules = [{ path: 'a.rego', source: 'package a\\n\\nallow := true\\n' }]
    const work = () => compile({ modules, entrypoints: ['a/allow'], cache: false })
    ${rest}`
  const start = (rest: string) =>
    run(process.execPath, ['--input-type=module', '--eval', script(rest)], { timeout: 100_000 })

  it('ends by itself, without a word on stderr', async () => {
    const { stdout, stderr } = await start('await work(); console.log("done")')
    expect(stdout).toBe('done\n')
    expect(stderr).toBe('')
  })

  it('waits for a request that is still running, also on a thread that was idle', async () => {
    const { stdout } = await start(
      'await work(); work().then((p) => console.log(p.inputPaths.length))',
    )
    expect(stdout).toBe('0\n')
  })

  it('has no thread left after closeCompiler', async () => {
    const watch =
      'process.on("worker", (one) => one.on("exit", () => console.log("thread ended")));'
    const { stdout } = await start(
      `${watch} await work(); await closeCompiler(); console.log("closed")`,
    )
    expect(stdout).toBe('thread ended\nclosed\n')
  })
})
