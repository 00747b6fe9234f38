import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { queueOfOne, run, suspended, trade } from './support.ts'

/** The segment that holds a text, in the log of a directory. */
function segmentWith(directory: string, text: string): string {
  const audit = join(directory, 'audit')
  const files = readdirSync(audit, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.jsonl'),
  )
  const found = files
    .map((name) => join(audit, name))
    .find((file) => readFileSync(file, 'utf8').includes(text))
  if (found === undefined) throw new Error(`no segment holds ${text}`)
  return found
}

test('verify accepts an untouched log, and says what it proves and what not', async () => {
  const { directory, id } = await queueOfOne()
  await run(['approvals', 'approve', id, '-C', directory])
  const { code, stdout, stderr } = await run(['audit', 'verify', '-C', directory])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/approval\.decided[\s\S]*audit verify: ok\n$/)
  const json = await run(['audit', 'verify', join(directory, 'audit'), '--json'])
  expect(JSON.parse(json.stdout)).toMatchObject({ ok: true, problems: [] })
})

test('verify finds one changed byte, names its place, and ends with the code for it', async () => {
  const { directory } = await queueOfOne()
  const file = segmentWith(directory, '"trader-1"')
  writeFileSync(file, readFileSync(file, 'utf8').replace('"trader-1"', '"trader-2"'))
  const { code, stdout } = await run(['audit', 'verify', '-C', directory])
  expect(stdout).toMatch(/\.jsonl:\d+[\s\S]*audit verify: FAILED\n$/)
  expect(code).toBe(12)
  const json = await run(['audit', 'verify', '--json', '-C', directory])
  const report = JSON.parse(json.stdout)
  expect(report.ok).toBe(false)
  expect(report.problems[0]).toMatchObject({
    exit: 12,
    seq: expect.any(Number),
    file: expect.stringContaining('.jsonl'),
  })
  expect(json.code).toBe(12)
})

test('a log that is not there is a failure, never an empty success', async () => {
  for (const argv of [['verify'], ['verify', '/nowhere/audit'], ['verify', '/usr'], ['tail']]) {
    const { code, stdout, stderr } = await run(['audit', ...argv, '-C', '/nowhere'])
    expect(stderr).toMatch(/LELU_AUDIT_NOT_FOUND[\s\S]*help: /)
    expect(stdout).toBe('')
    expect(code).toBe(1)
  }
})

test('verify of the directory names the log in it, and of a log that was wiped is no success', async () => {
  const { directory } = await queueOfOne()
  const above = await run(['audit', 'verify', directory])
  expect(above.stderr).toContain(`Did you mean ${join(directory, 'audit')}?`)
  expect(above.code).toBe(1)
  rmSync(join(directory, 'audit'), { recursive: true })
  mkdirSync(join(directory, 'audit'))
  const wiped = await run(['audit', 'verify', '-C', directory])
  expect(wiped.stderr).toMatch(/^LELU_AUDIT_NOT_FOUND\n/)
  expect(wiped).toMatchObject({ code: 1, stdout: '' })
})

test('tail prints the newest records of all streams in order, one a line', async () => {
  const { directory, id } = await queueOfOne()
  await run(['approvals', 'deny', id, '--reason', 'evil\u001b[2Kreason', '-C', directory])
  const { code, stdout } = await run(['audit', 'tail', '-n', '2', '-C', directory])
  const lines = stdout.trimEnd().split('\n')
  expect(lines).toHaveLength(2)
  expect(lines[0]).toMatch(/approval\.decided {2}deny {2}trade {2}agent trader-1 {2}reviewer /)
  expect(lines[0]).toContain('evil\\u001b[2Kreason')
  expect(code).toBe(0)
})

test('tail --json gives the stored lines, byte for byte, into a pipe', async () => {
  const { directory } = await queueOfOne()
  await run(['approvals', 'list', '-C', directory])
  const { stdout } = await run(['audit', 'tail', '--json', '-n', '1000', '-C', directory])
  const stored = readFileSync(segmentWith(directory, '"trader-1"'), 'utf8')
  for (const line of stored.trimEnd().split('\n')) expect(stdout.split('\n')).toContain(line)
})

test('tail -n 0 prints nothing that was there', async () => {
  const { directory } = await queueOfOne()
  expect((await run(['audit', 'tail', '-n', '0', '-C', directory])).stdout).toBe('')
})

test('tail --follow prints each later record once, until it is interrupted', async () => {
  const { directory, id: first } = await queueOfOne()
  const abort = new AbortController()
  let printed = ''
  const following = run(['audit', 'tail', '-f', '--json', '-C', directory], {
    signal: abort.signal,
    onWrite: (stdout) => {
      printed = stdout
    },
  })
  await vi.waitFor(() => expect(printed).toContain(first), 30_000)
  const id = await suspended(directory, trade())
  await vi.waitFor(() => expect(printed).toContain(id), 30_000)
  abort.abort()
  const { stdout, stderr } = await following
  const records = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  const requested = records.filter((one) => one.kind === 'approval.requested')
  expect(requested.map((one) => one.refs.approval)).toEqual([first, id])
  expect(stderr).toBe('')
})
