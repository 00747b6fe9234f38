import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { openReviewDesk } from '@lelu/engine'
import { expect, onTestFinished, test } from 'vitest'
import { v1HttpServer } from './servers.ts'
import { bob, temporaryFolder, testGateway, until } from './support.ts'

type Worker = {
  child: ChildProcess
  /** Sends a call and answers the first line of its answer. */
  call(name: string, input: object): Promise<string>
  kill(): Promise<void>
}

async function startWorker(config: string, directory: string): Promise<Worker> {
  const script = join(import.meta.dirname, 'worker.ts')
  const child = spawn(
    process.execPath,
    ['--conditions=lelu:source', '--no-warnings', script, config, directory],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async () => String((await lines.next()).value)
  const exited = new Promise<void>((done) => child.once('exit', () => done()))
  const kill = async () => {
    child.kill('SIGKILL')
    await exited
  }
  onTestFinished(kill)
  expect(await next()).toBe('ready')
  return {
    child,
    kill,
    call(name, input) {
      child.stdin.write(`${JSON.stringify({ name, input })}\n`)
      return next()
    },
  }
}

async function setup() {
  const server = await v1HttpServer()
  const folder = temporaryFolder()
  const directory = join(folder, 'lelu')
  const config = join(folder, 'lelu-mcp.json')
  writeFileSync(config, JSON.stringify({ mcpServers: { v1: { url: server.url } } }))
  return { server, directory, start: () => startWorker(config, directory) }
}

async function approve(directory: string, id: string): Promise<void> {
  const desk = await openReviewDesk({ directory })
  await desk.approvals.review(id, { reviewer: bob, verdict: 'approve' })
  await desk.close()
}

test('a gateway that is killed while an approved call runs: no other runs it again, and it is unknown', async () => {
  const { server, directory, start } = await setup()
  const first = await start()
  const id = await first.call('v1__hang', {})
  await approve(directory, id)
  first.call('v1__hang', {}).catch(() => {})
  await until(() => server.effects.includes('hang'))
  const second = await start()
  await first.kill()
  const answers: string[] = []
  await until(async () => {
    answers.push(await second.call('v1__hang', {}))
    return answers.at(-1)?.startsWith('LELU_APPROVAL_UNKNOWN') === true
  })
  answers.push(await second.call('v1__hang', {}))
  for (const answer of answers) expect(answer).toMatch(/^LELU_APPROVAL_(EXECUTING|UNKNOWN)/)
  expect(server.effects.filter((what) => what === 'hang')).toHaveLength(1)
})

test('an approval that one process asked for is resumed by another, once, whoever asks', async () => {
  const { server, directory, start } = await setup()
  const [one, two] = await Promise.all([start(), start()])
  const ids = await Promise.all([
    one.call('v1__write', { text: 'a' }),
    two.call('v1__write', { text: 'a' }),
  ])
  expect(ids[0]).toMatch(/^apr_/)
  expect(ids[1]).toBe(ids[0])
  await one.kill()
  await approve(directory, ids[0])
  const three = await start()
  const answers = await Promise.all([
    two.call('v1__write', { text: 'a' }),
    three.call('v1__write', { text: 'a' }),
  ])
  expect(answers).toContain('wrote a')
  for (const answer of answers) expect(answer).toMatch(/^(wrote a|LELU_APPROVAL_EXECUTING)/)
  expect(server.effects).toEqual(['a'])
})

test('a gateway that is closed while a server says nothing to its handshake leaves no process of it behind', async () => {
  const pids = join(temporaryFolder(), 'pids')
  const script =
    'require("fs").appendFileSync(process.argv[1], process.pid + "\\n"); setInterval(() => {}, 1000)'
  const gateway = await testGateway({
    servers: { silent: { command: process.execPath, args: ['-e', script, pids] } },
    // Longer than anybody waits: to close must not mean to wait for the handshake.
    gateway: { openWithinMs: 0, connectTimeoutMs: 2 ** 30 },
  })
  await until(() => existsSync(pids))
  await gateway.close()
  const left = readFileSync(pids, 'utf8').trim().split('\n').filter(isAlive)
  for (const pid of left) process.kill(Number(pid), 'SIGKILL')
  expect(left).toEqual([])
})

function isAlive(pid: string): boolean {
  try {
    return process.kill(Number(pid), 0)
  } catch {
    return false
  }
}
