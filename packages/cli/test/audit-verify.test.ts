import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { directorySink, openAuditLog } from '@lelu/audit'
import { expect, test } from 'vitest'
import { run, temporaryFolder } from './support.ts'

/** A directory with a signed log of one decision, its archive, and a policy that trusts its key. */
async function signedLog() {
  const directory = temporaryFolder()
  const [audit, archive] = [join(directory, 'audit'), join(directory, 'archive')]
  const sink = directorySink({ directory: archive })
  const log = await openAuditLog({ directory: audit, sink })
  const revision = { revision: 'r1' }
  await log.append({ kind: 'decision', id: 'd1', decision: 'deny', reasons: [], policy: revision })
  await log.close()
  const [key = ''] = readdirSync(join(audit, 'keys'))
  const vkey = readFileSync(join(audit, 'keys', key), 'utf8').split('\n')[0]
  const policy = join(directory, 'policy.txt')
  writeFileSync(policy, `witness operator ${vkey}\nquorum operator\n`)
  const checkpoint = join(audit, log.stream, 'checkpoint')
  return { directory, audit, archive, policy, checkpoint, stream: log.stream }
}

test('verify says whom it believed, and how to name a policy', async () => {
  const { directory, policy } = await signedLog()
  const own = await run(['audit', 'verify', '-C', directory])
  expect(own.stdout).toMatch(/not {6}who signed[\s\S]*hint[\s\S]*--policy[\s\S]*ok\n$/)
  const given = await run(['audit', 'verify', '-C', directory, '--policy', policy])
  expect(given.stdout).toContain('signed, by the keys of the trust policy')
  expect(given.stdout).not.toContain('hint')
  expect(given.code).toBe(0)
})

test('verify reads an archive by its folder and by its URL', async () => {
  const { archive, policy } = await signedLog()
  for (const place of [archive, pathToFileURL(archive).href]) {
    const { code, stdout } = await run(['audit', 'verify', place, '--policy', policy, '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, records: 3, streams: [{ covered: 3 }] })
    expect(code).toBe(0)
  }
})

test('verify takes one log of an archive with several, by its folder and by its URL', async () => {
  const { directory, archive, policy } = await signedLog()
  const sink = directorySink({ directory: archive })
  const other = await openAuditLog({ directory: join(directory, 'other'), log: 'other', sink })
  await other.append({ kind: 'policy.loaded', policy: { revision: 'r1' } })
  await other.close()
  for (const place of [archive, pathToFileURL(archive).href]) {
    const argv = ['audit', 'verify', place, '--policy', policy]
    expect((await run(argv)).code).toBe(14)
    expect(await run([...argv, '--log', 'lelu'])).toMatchObject({ code: 0, stderr: '' })
  }
})

test('verify of a log whose streams are gone, or of an empty archive by its URL, is no success', async () => {
  const { directory, audit, stream } = await signedLog()
  rmSync(join(audit, stream), { recursive: true })
  const wiped = await run(['audit', 'verify', '-C', directory])
  expect(wiped).toMatchObject({ code: 1, stderr: '' })
  expect(wiped.stdout).toMatch(/^EMPTY: [\s\S]*no record to verify[\s\S]*FAILED\n$/)
  const url = pathToFileURL(join(directory, 'none')).href
  const empty = await run(['audit', 'verify', url, '--json'])
  expect(JSON.parse(empty.stdout)).toMatchObject({ ok: false, problems: [{ code: 'empty' }] })
  expect(empty.code).toBe(1)
})

test('verify ends with 15 when an older state was put back, and with 18 when a lock was demanded', async () => {
  const { directory, audit, archive, policy, checkpoint, stream } = await signedLog()
  const kept = join(directory, 'kept')
  writeFileSync(kept, readFileSync(checkpoint))
  const argv = ['audit', 'verify', audit, '--policy', policy, '--since', kept]
  expect((await run(argv)).code).toBe(0)
  const segment = join(audit, stream, '0000000000000000.jsonl')
  writeFileSync(
    segment,
    readFileSync(segment, 'utf8').split('\n').slice(0, 2).join('\n').concat('\n'),
  )
  expect((await run(argv)).code).toBe(16)
  const held = await run(['audit', 'verify', archive, '--require-immutable', 'COMPLIANCE:30'])
  expect(held).toMatchObject({ code: 18 })
  expect(held.stdout).toContain('it has no lock')
  const wrong = await run(['audit', 'verify', archive, '--require-immutable', 'COMPLIANCE'])
  expect(wrong.code).toBe(2)
})

test('a proof of a decision is checked without the log, and not by another key', async () => {
  const { directory, archive, policy } = await signedLog()
  const file = join(directory, 'd1.tlog-proof')
  const made = await run(['audit', 'proof', 'd1', '--out', file, '-C', directory])
  expect(made.stdout).toContain('--proof')
  const argv = ['audit', 'verify', '--proof', file, '--policy', policy]
  const { code, stdout } = await run(argv)
  expect(stdout).toMatch(/: ok: Record 1 of the 3[\s\S]*signed at[\s\S]*"id":"d1"/)
  expect(code).toBe(0)
  const fromArchive = await run(['audit', 'proof', 'd1', '--from', archive])
  expect(fromArchive.stdout).toBe(readFileSync(file, 'utf8'))
  expect((await run(['audit', 'proof', 'd1', '--out', file, '-C', directory])).code).toBe(1)
  const other = await signedLog()
  expect((await run([...argv.slice(0, -1), other.policy])).code).toBe(14)
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, text.replace(/^index 1$/m, 'index 0'))
  expect((await run(argv)).code).toBe(13)
  writeFileSync(file, 'x')
  expect((await run([...argv, '--json'])).code).toBe(12)
})

test('a proof needs a policy, a decision that is there, and a checkpoint', async () => {
  const { directory, checkpoint } = await signedLog()
  expect((await run(['audit', 'verify', '--proof', checkpoint])).code).toBe(2)
  const none = await run(['audit', 'proof', 'd2', '-C', directory])
  expect(none.stderr).toMatch(/LELU_AUDIT_NOT_FOUND[\s\S]*no decision d2/)
  writeFileSync(checkpoint, '')
  const unsigned = await run(['audit', 'proof', 'd1', '-C', directory])
  expect(unsigned.stderr).toMatch(/No signed checkpoint covers/)
})
