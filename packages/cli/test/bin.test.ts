import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { runCli } from '../src/index.ts'
import { bin, queueOfOne, run, runBin, suspended, temporaryFolder, trade } from './support.ts'

function start(argv: readonly string[]) {
  const child = spawn(process.execPath, ['--conditions=lelu:source', bin, ...argv], {
    env: { PATH: process.env.PATH },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

test('from nothing to an approved call with the command alone', async () => {
  const cwd = temporaryFolder()
  const lelu = (...argv: string[]) => runBin(argv, { cwd })
  const made = await lelu('init')
  expect(made).toMatchObject({ code: 0, stderr: '' })
  expect(made.stdout).toMatch(/^made {5}policies\/policy\.rego\n/)
  const id = await suspended(join(cwd, '.lelu'))
  expect((await lelu('approvals', 'list')).stdout).toContain(id)
  const shown = await lelu('approvals', 'show', id)
  expect(shown.stdout).toMatch(
    /Input, whole \(digest [\w-]{43}\)\n\{\n {2}"amount": 100,\n {2}"symbol": "ACME"\n\}\n$/,
  )
  expect(await lelu('approvals', 'approve', id)).toMatchObject({ code: 0, stderr: '' })
  expect((await lelu('approvals', 'wait', id, '--json')).code).toBe(0)
  const verified = await lelu('audit', 'verify')
  expect(verified).toMatchObject({ code: 0, stderr: '' })
  expect(verified.stdout).toMatch(/audit verify: ok\n$/)
})

test('nothing but text is printed into a pipe, and nothing asks', async () => {
  const { directory, id } = await queueOfOne()
  for (const argv of [
    ['approvals', 'list'],
    ['approvals', 'show', id],
    ['approvals', 'approve', id],
  ]) {
    const { code, stdout, stderr } = await runBin([...argv, '-C', directory])
    expect(stdout).not.toMatch(/\p{Cc}(?<!\n)/u)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  }
})

test('NO_COLOR wins over FORCE_COLOR, for errors too', async () => {
  const { directory } = await queueOfOne()
  const list = (env: Record<string, string>) =>
    runBin(['approvals', 'list', '-C', directory], { env })
  const fail = (env: Record<string, string>) => runBin(['nonsense'], { env })
  const [coloured, plain, red, sober] = await Promise.all([
    list({ FORCE_COLOR: '1' }),
    list({ FORCE_COLOR: '1', NO_COLOR: '1' }),
    fail({ FORCE_COLOR: '1' }),
    fail({ FORCE_COLOR: '1', NO_COLOR: '1' }),
  ])
  expect(coloured.stdout).toContain('\u001b[1m')
  expect(plain.stdout).not.toContain('\u001b')
  expect(red.stderr).toContain('\u001b[31m')
  expect(sober.stderr).not.toContain('\u001b')
})

/** Whether a process has opened the approvals by now: it is past its start, in the wait. */
function hasOpened(pid: number | undefined, file: string): boolean {
  const folder = `/proc/${pid}/fd`
  return readdirSync(folder).some((name) => {
    try {
      return readlinkSync(join(folder, name)).endsWith(file)
    } catch {
      return false // closed since
    }
  })
}

test.runIf(process.platform === 'linux')(
  'Ctrl-C ends a wait at once with 130 and without a stack (seen in /proc)',
  async () => {
    const { directory, id } = await queueOfOne()
    const child = start(['approvals', 'wait', id, '-C', directory])
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output += chunk
      })
    }
    await vi.waitFor(() => expect(hasOpened(child.pid, 'approvals.db')).toBe(true), 30_000)
    child.kill('SIGINT')
    expect(await once(child, 'close')).toEqual([130, null])
    expect(output).toBe('')
  },
)

test('a reader that stops reading ends the command quietly', async () => {
  const { directory } = await queueOfOne()
  const child = start(['audit', 'tail', '-f', '--json', '-C', directory])
  let errors = ''
  child.stderr.on('data', (chunk) => {
    errors += chunk
  })
  const closed = once(child, 'close')
  await once(child.stdout, 'data')
  child.stdout.destroy()
  await suspended(directory, trade()) // something more to print
  const [code] = await closed
  expect({ code, errors }).toEqual({ code: 0, errors: '' })
})

test('a defect of the command shows no stack and no input, unless it is asked for', async () => {
  const { directory } = await queueOfOne()
  const failing = async (env: Record<string, string>) => {
    let stderr = ''
    const code = await runCli(['approvals', 'list', '-C', directory], {
      write: () => {
        throw new TypeError('secret input')
      },
      writeError: (text) => {
        stderr += text
      },
      readStdin: async () => Buffer.alloc(0),
      ask: async () => '',
      terminal: { stdin: false, stdout: false, stderr: false },
      env,
      signal: new AbortController().signal,
    })
    return { code, stderr }
  }
  const { code, stderr } = await failing({})
  expect(stderr).toMatch(/^LELU_CLI_DEFECT\n[\s\S]*TypeError[\s\S]*LELU_DEBUG=1/)
  expect(stderr).not.toContain('secret input')
  expect(code).toBe(1)
  expect((await failing({ LELU_DEBUG: '1' })).stderr).toContain('secret input')
})

test('output that is longer than a pipe arrives whole', async () => {
  const directory = join(temporaryFolder(), 'lelu')
  const input = { text: 'x'.repeat(900_000), end: 'END' }
  const id = await suspended(directory, trade({ call: { id: 'c', tool: 'trade', input } }))
  const { stdout } = await runBin(['approvals', 'show', id, '-C', directory])
  expect(JSON.parse(stdout.slice(stdout.indexOf('\n{\n')))).toEqual(input)
  expect(
    (await run(['approvals', 'show', id, '--json', '-C', directory])).stdout.length,
  ).toBeGreaterThan(900_000)
})
