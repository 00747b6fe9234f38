import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { hasS3 } from '@lelu/testing'
import { expect, onTestFinished, test } from 'vitest'
import { startFakeOpenAI } from './fake-openai.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const quickstart = (file: string) => join(root, 'examples/quickstart/src', file)
const cli = join(root, 'packages/cli/src/bin.ts')

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lelu-quickstart-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A Node process of the repository, without the keys of whoever runs the tests. */
function start(file: string, words: string[], env: Record<string, string> = {}): ChildProcess {
  const {
    OPENAI_API_KEY: _key,
    OPENAI_BASE_URL: _url,
    LELU_DIRECTORY: _directory,
    ...rest
  } = process.env
  const nodeWords = ['--conditions=lelu:source', file, ...words]
  const child = spawn(process.execPath, nodeWords, { cwd: root, env: { ...rest, ...env } })
  onTestFinished(() => void child.kill())
  return child
}

async function finish(
  child: ChildProcess,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const code = new Promise<number | null>((resolve) => child.on('close', resolve))
  const { stdout, stderr } = child
  if (stdout === null || stderr === null) throw new Error('The process has no output.')
  const [out, err] = await Promise.all([text(stdout), text(stderr)])
  return { code: await code, stdout: out, stderr: err }
}

function ledgerOf(folder: string): Record<string, unknown>[] {
  const lines = readFileSync(join(folder, 'ledger.jsonl'), 'utf8').trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}

/** The part of the transcript that belongs to one step, with its broken lines put together. */
function step(transcript: string, number: number): string {
  const from = transcript.indexOf(`\n${number}. `)
  const to = transcript.indexOf(`\n${number + 1}. `)
  if (from < 0) throw new Error(`The transcript has no step ${number}:\n${transcript}`)
  return transcript.slice(from, to < 0 ? undefined : to).replace(/\n {3}(\| )? */g, ' ')
}

test('the story plays to its end, and the ledger holds the two allowed trades and nothing else', {
  timeout: 300_000,
}, async () => {
  const folder = temporaryFolder()
  const { code, stdout, stderr } = await finish(
    start(quickstart('main.ts'), ['--directory', folder], { NO_COLOR: '1' }),
  )
  expect(stderr).toBe('')
  expect({ code, stdout }).toMatchObject({ code: 0 })
  expect(ledgerOf(folder)).toEqual([
    { tool: 'trade', side: 'buy', quantity: 10, symbol: 'ACME', price: 25 },
    { tool: 'trade', side: 'sell', quantity: 400, symbol: 'GLOBEX', price: 12 },
  ])
  expect(step(stdout, 2)).toMatch(/trade waits for approval apr_/)
  expect(step(stdout, 3)).toContain('"quantity": 400')
  expect(step(stdout, 4)).toContain('I was told: Done: sell 400 GLOBEX at 12.')
  expect(step(stdout, 5)).toContain('nothing to do')
  expect(step(stdout, 6)).toContain('Too much for one bet')
  expect(step(stdout, 7)).toContain('Denied by policy')
  expect(step(stdout, 8)).toContain('was altered in the store')
  expect(step(stdout, 9)).toContain('$ lelu audit verify')
  expect(step(stdout, 10)).toMatch(/one byte of line \d+/)
  expect(stdout.match(/^ {3}ok /gm)?.length).toBe(22)
  // No colours were asked for, and the pages of the story are plain ASCII.
  expect(stdout).toMatch(/^[\n\x20-\x7e]*$/)
})

test('interactive, the story waits for the person, and goes on with their decision', {
  timeout: 300_000,
}, async () => {
  const folder = temporaryFolder()
  const child = start(quickstart('main.ts'), ['--directory', folder, '--interactive'], {
    NO_COLOR: '1',
  })
  const ended = new Promise((resolve) => child.once('close', resolve))
  let shown = ''
  const until = (wanted: RegExp) =>
    new Promise<RegExpMatchArray>((resolve, reject) => {
      const look = () => {
        const found = shown.match(wanted)
        if (found !== null) resolve(found)
      }
      child.stdout?.on('data', look)
      child.on('close', () => reject(new Error(`It ended before ${wanted}:\n${shown}`)))
      look()
    })
  child.stdout?.setEncoding('utf8').on('data', (part: string) => {
    shown += part
  })
  const [, id = ''] = await until(/lelu approvals deny (apr_[\w-]+)/)
  await until(/Waiting for your decision/)
  const words = [
    'approvals',
    'deny',
    id,
    '--reason',
    'Not today',
    '--directory',
    join(folder, '.lelu'),
  ]
  expect(await finish(start(cli, words))).toMatchObject({ code: 0 })
  await until(/ok the ledger shows the trade not at all/)
  expect(shown).toContain('Not today')
  expect(ledgerOf(folder)).toHaveLength(1)
  // To its end: killed here, what it has started goes on writing while the folder is removed.
  expect(await ended).toBe(0)
})

test('with a key the agent talks to the OpenAI endpoint, and its call is guarded all the same', {
  timeout: 300_000,
}, async () => {
  const folder = temporaryFolder()
  const server = await startFakeOpenAI(({ messages }) =>
    messages.at(-1)?.role === 'tool'
      ? { content: 'Bought.' }
      : {
          tool: 'trade',
          input: { side: 'buy', symbol: 'ACME', quantity: 1, price: 2, confidence: 0.95 },
        },
  )
  onTestFinished(server.close)
  const env = {
    OPENAI_API_KEY: 'test',
    OPENAI_BASE_URL: server.url,
    LELU_DIRECTORY: join(folder, '.lelu'),
  }
  const { code, stdout, stderr } = await finish(
    start(quickstart('agent.ts'), ['ask', 't', 'Buy one ACME.'], env),
  )
  expect({ code, stderr }).toMatchObject({ code: 0 })
  expect(JSON.parse(stdout)).toEqual({ status: 'answered', pending: [], answer: 'Bought.' })
  expect(ledgerOf(folder)).toEqual([
    { tool: 'trade', side: 'buy', quantity: 1, symbol: 'ACME', price: 2 },
  ])
  expect(server.requests[0]?.tools).toHaveLength(2)
})

test('when the story does not hold, it says where and ends with an error', {
  timeout: 300_000,
}, async () => {
  const folder = temporaryFolder()
  const server = await startFakeOpenAI(() => ({ content: 'I would rather not.' }))
  onTestFinished(server.close)
  const env = { OPENAI_API_KEY: 'test', OPENAI_BASE_URL: server.url }
  const { code, stderr } = await finish(start(quickstart('main.ts'), ['--directory', folder], env))
  expect(code).toBe(1)
  expect(stderr).toContain('The story does not hold. the ledger shows the trade')
})

test.each([
  ['an unknown flag', ['--intaractive']],
  ['a folder that is not empty', ['--directory', root]],
])('%s is refused before anything happens', async (_name, words) => {
  const { code, stdout, stderr } = await finish(start(quickstart('main.ts'), words))
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).not.toBe('')
})

const missing = hasS3() ? '' : " (skipped: Ceph's gateway is not here)"

test.skipIf(!hasS3())(
  `with --s3 the story ends with a verified bucket that refuses to delete${missing}`,
  { timeout: 300_000 },
  async () => {
    const child = start(quickstart('main.ts'), ['--s3', '--directory', temporaryFolder()])
    const { code, stdout, stderr } = await finish(child)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(step(stdout, 11)).toMatch(/intact: \d+ records in 12 streams/)
    expect(step(stdout, 11)).toMatch(/held in mode COMPLIANCE or stricter[\s\S]*audit verify: ok/)
    expect(step(stdout, 12)).toMatch(/DELETE .*\.jsonl\.gz: 403 AccessDenied/)
  },
)
