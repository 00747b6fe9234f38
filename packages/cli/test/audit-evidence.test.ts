import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { openSource, verifyLog } from '@lelu/audit/reading'
import { expect, test } from 'vitest'
import {
  queueOfOne,
  run,
  runBin,
  suspended,
  temporaryFolder,
  trade,
  writeRequest,
} from './support.ts'

const always = ['--from', '2020-01-01', '--to', '2100-01-01']

async function pack(directory: string, more: readonly string[] = []) {
  const out = join(temporaryFolder(), 'pack')
  const words = ['audit', 'export', ...always, '--out', out, '-C', directory, ...more]
  return { out, ...(await run(words)) }
}

test('audit export writes a pack that the two commands which it prints accept', async () => {
  const { directory } = await queueOfOne()
  const { out, code, stdout, stderr } = await pack(directory)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/^\d+ records in (1 stream|\d streams): /)
  expect(stdout).toContain('\n1 decision in that time, 1 drawn with a proof\n')
  expect(stdout).toContain(
    'sha256sum -c --quiet SHA256SUMS && lelu audit verify . --policy policy.txt\n',
  )
  expect(spawnSync('sha256sum', ['-c', '--quiet', 'SHA256SUMS'], { cwd: out }).status).toBe(0)
  // As its README says: inside of it, and nothing else at hand.
  const verified = await runBin(['audit', 'verify', '.', '--policy', 'policy.txt'], { cwd: out })
  expect(verified).toMatchObject({ code: 0, stdout: expect.stringMatching(/audit verify: ok\n$/) })
})

test.runIf(process.platform === 'linux')(
  'audit export ends where no folder can be made, and leaves none where there is nothing to show',
  async () => {
    const { directory } = await queueOfOne()
    const words = ['audit', 'export', '-C', directory, '--to', '2100-01-01']
    const never = await runBin([...words, '--from', '2020-01-01', '--out', '/proc/x'])
    expect(never).toMatchObject({ code: 1, stderr: expect.stringMatching(/^LELU_FILE_FAILED/) })
    const out = join(temporaryFolder(), 'new', 'pack')
    const empty = await run([...words, '--from', '2099-01-01', '--out', out])
    expect(empty.stderr).toMatch(/^LELU_AUDIT_NOT_FOUND/)
    expect(existsSync(dirname(out))).toBe(false)
  },
)

test('audit export --json answers the counts as one document', async () => {
  const { directory } = await queueOfOne()
  const { out, code, stdout } = await pack(directory, ['--json', '--sample', '0'])
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({
    ...{ directory: out, decisions: 1, sampled: 0, leftOut: 0, roots: 1 },
    period: { from: '2020-01-01T00:00:00.000Z', to: '2100-01-01T00:00:00.000Z' },
  })
})

test('audit export shows on a terminal how far it is, and in a pipe nothing of that', async () => {
  const { directory } = await queueOfOne()
  const out = join(temporaryFolder(), 'pack')
  const words = ['audit', 'export', ...always, '--out', out, '-C', directory]
  const { stderr } = await run(words, { terminal: true })
  expect(stderr).toMatch(/\r1 of (1 stream|\d streams), \d+ records/)
})

test('audit export refuses a folder with something in it, a time that is none, and an empty time', async () => {
  const { directory } = await queueOfOne()
  const out = temporaryFolder()
  const argv = (from: string, to: string, folder: string) => [
    'audit',
    'export',
    '--from',
    from,
    '--to',
    to,
    '--out',
    folder,
    '-C',
    directory,
  ]
  writeFileSync(join(out, 'a'), '')
  const full = await run(argv('2020-01-01', '2100-01-01', out))
  expect(full).toMatchObject({ code: 1, stderr: expect.stringContaining('is not empty') })
  const other = join(out, 'other')
  const noTime = await run(argv('../..', '2100-01-01', other))
  expect(noTime.stderr).toMatch(/^LELU_AUDIT_OPTIONS_INVALID/)
  const nothing = await run(argv('2020-01-01', '2020-02-01', other))
  expect(nothing.stderr).toMatch(/^LELU_AUDIT_NOT_FOUND/)
  expect(readdirSync(out).sort()).toEqual(['a'])
})

test('audit rotate-key: both keys sign the next checkpoint, and who trusts the old one trusts the log', async () => {
  const { directory } = await queueOfOne()
  const { code, stdout } = await run(['audit', 'rotate-key', '--json', '-C', directory])
  expect(code).toBe(0)
  const { operator, replaced, until } = JSON.parse(stdout)
  expect(Date.parse(until) - Date.now()).toBeGreaterThan(23 * 3_600_000)
  await suspended(directory, trade({ call: { id: 'call-2', tool: 'trade', input: null } }))

  const audit = join(directory, 'audit')
  const source = await openSource(audit)
  const newest = (await source.streams()).at(-1)?.stream as string
  const checkpoint = readFileSync(join(audit, newest, 'checkpoint'), 'utf8')
  // Of each key a signature as the stream, and one with the time as the log.
  expect(checkpoint.match(/^— /gm)).toHaveLength(4)
  for (const vkey of [operator, replaced]) {
    const trust = `witness operator ${vkey}\nquorum operator\n`
    const report = await verifyLog({ directory: audit, trust })
    expect(report.streams.find(({ stream }) => stream === newest)?.checkpoint).not.toBeNull()
    // The new key alone never signed what was there before it.
    expect(report.ok).toBe(vkey === replaced)
  }
  const text = await run(['audit', 'rotate-key', '-C', directory])
  expect(text.stdout).toContain(`replaces  ${operator}`)
  expect(text.stdout).toContain('After a theft that is not enough')
})

test('audit rotate-key of a directory without keys makes none', async () => {
  const directory = join(temporaryFolder(), 'lelu')
  const { code, stderr } = await run(['audit', 'rotate-key', '-C', directory])
  expect({ code, stderr }).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^LELU_AUDIT_KEYS_UNUSABLE[\s\S]*help: /),
  })
  expect(existsSync(directory)).toBe(false)
})

test('audit verify takes the key files of a pack for its proofs, and for nothing else', async () => {
  const { directory } = await queueOfOne()
  const { out } = await pack(directory)
  const [proof] = readdirSync(join(out, 'proofs')).filter((name) => name.endsWith('.tlog-proof'))
  const argv = ['audit', 'verify', '--proof', join(out, 'proofs', proof as string)]
  const keys = ['--policy', join(out, 'policy.txt'), '--keys', join(out, 'v1/lelu/keys')]
  expect(await run([...argv, ...keys])).toMatchObject({ code: 0 })
  // Without a proof the keys lie beside the log.
  expect(await run(['audit', 'verify', out, ...keys])).toMatchObject({ code: 2 })
})

test('LELU_ARCHIVE: approve and decide put what they record there', async () => {
  const { directory, id } = await queueOfOne()
  const folder = temporaryFolder()
  const archive = join(folder, 'archive')
  const env = { LELU_ARCHIVE: pathToFileURL(archive).href }
  const approve = await run(['approvals', 'approve', id, '-C', directory], { env })
  expect(approve).toMatchObject({ code: 0, stderr: '' })
  mkdirSync(join(folder, 'policies'))
  writeFileSync(join(folder, 'policies/policy.rego'), 'package lelu.authz\n\nallow := true\n')
  const input = writeRequest(folder)
  const decide = await run(
    ['decide', '--policies', join(folder, 'policies'), '--input', input, '-C', directory],
    { env },
  )
  expect(decide).toMatchObject({ code: 0, stderr: '' })

  const report = await verifyLog({ directory: archive })
  expect(report.kinds).toMatchObject({ 'approval.decided': 1, decision: expect.any(Number) })
  const { stream } = JSON.parse(decide.stdout).audit
  expect(report.streams.find((one) => one.stream === stream)).toMatchObject({ state: 'closed' })
  // The first process had no archive, and the next ones brought its part there too.
  expect(report.problems).toEqual([])
})

test('LELU_ARCHIVE that is no archive is an error with a code, and nothing is recorded', async () => {
  const { directory, id } = await queueOfOne()
  const before = readdirSync(join(directory, 'audit'))
  for (const LELU_ARCHIVE of ['bucket', 'http://bucket', 's3://bucket?mod=COMPLIANCE']) {
    const answer = await run(['approvals', 'approve', id, '-C', directory], {
      env: { LELU_ARCHIVE },
    })
    expect(answer).toMatchObject({
      ...{ code: 1, stdout: '' },
      stderr: expect.stringMatching(/^LELU_AUDIT_OPTIONS_INVALID[\s\S]*help: /),
    })
  }
  expect(readdirSync(join(directory, 'audit'))).toEqual(before)
})
