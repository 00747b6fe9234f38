import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openAuditLog } from '@lelu/audit'
import { LeluError, notRun } from '@lelu/engine/adapter'
import { expect, test } from 'vitest'
import { progressLine } from '../src/audit/scan-progress.ts'
import { queueOfOne, run, suspended, temporaryFolder, trade, withEngine } from './support.ts'

/** A call that was suspended, approved and carried out: the id of its approval. */
async function carriedOut(
  reason = 'checked the account',
): Promise<{ directory: string; id: string }> {
  const { directory, id } = await queueOfOne()
  await run(['approvals', 'approve', id, '--yes', '--reason', reason, '-C', directory])
  await withEngine(directory, (lelu) => lelu.resume(id, () => ({ done: true })))
  return { directory, id }
}

test('show tells the whole story of a call in order, each with its place and receipt', async () => {
  const { directory, id } = await carriedOut()
  const { code, stdout, stderr } = await run(['audit', 'show', id, '-C', directory])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(
    /agent +trader-1[\s\S]*acting for +alice[\s\S]*action +trade \(non_idempotent\)[\s\S]*\+0\.000 s +decided: require_approval\n[\s\S]*not_sure_enough: The agent is not sure enough\.[\s\S]*confidence 0\.85 \(verbalized, claimed[\s\S]*policy test[\s\S]*approval requested[\s\S]*approved\n[\s\S]*reason: checked the account[\s\S]*decided again: require_approval[\s\S]*token minted[\s\S]*token redeemed[\s\S]*ended: completed\n +took \d+ ms[\s\S]*result digest/,
  )
  const places = stdout.match(/[0-9a-z]{26}\/\d+ {2}leaf [A-Za-z0-9+/]{43}=/g)
  expect(places).toHaveLength(7)
})

test('show says of a call that its framework did not run, that it was not run', async () => {
  const { directory, id } = await queueOfOne()
  await run(['approvals', 'approve', id, '--yes', '-C', directory])
  const error = notRun(new LeluError('LELU_CALL_INVALID', 'The step ended.', { help: 'None.' }))
  const resumed = withEngine(directory, (lelu) => lelu.resume(id, () => Promise.reject(error)))
  await expect(resumed).rejects.toBe(error)
  const story = await run(['audit', 'show', id, '-C', directory])
  expect(story.stdout).toMatch(/ was not run\n/)
  expect(story.stdout).not.toContain('failed')
  const shown = await run(['approvals', 'show', id, '-C', directory])
  expect(shown.stdout).toMatch(/not run +The step ended\./)
})

test('show --json gives the records in order with stream, seq and leaf, whatever part is named', async () => {
  const { directory, id } = await carriedOut()
  const { stdout } = await run(['audit', 'show', id, '--json', '-C', directory])
  const records = JSON.parse(stdout)
  expect(records.map((one: { record: { kind: string } }) => one.record.kind)).toEqual([
    ...['decision', 'approval.requested', 'approval.decided', 'decision'],
    ...['token.minted', 'token.redeemed', 'outcome'],
  ])
  const [first, , , , minted, redeemed] = records
  expect(first).toMatchObject({ stream: first.record.stream, seq: first.record.seq, copies: [] })
  expect(first.leaf).toHaveLength(44)
  for (const part of [
    first.record.id,
    minted.record.refs.jti,
    redeemed.record.refs.redecision,
    redeemed.record.refs.attempt,
    'call-1',
  ]) {
    expect((await run(['audit', 'show', part, '--json', '-C', directory])).stdout).toBe(stdout)
  }
})

test('show finds a call whose id begins with a dash behind --', async () => {
  const directory = join(temporaryFolder(), 'lelu')
  const id = await suspended(directory, trade({ call: { ...trade().call, id: '-MRXT3ux' } }))
  const { code, stdout } = await run(['audit', 'show', '-C', directory, '--', '-MRXT3ux'])
  expect(stdout).toContain(id)
  expect(code).toBe(0)
})

test('show says which records a checkpoint covers', async () => {
  const { directory, id } = await queueOfOne()
  const audit = join(directory, 'audit')
  const [stream = ''] = readdirSync(audit).filter((name) => name.length === 26)
  rmSync(join(audit, stream, 'checkpoint'))
  expect((await run(['audit', 'show', id, '-C', directory])).stdout).not.toContain('checkpoint')
  writeFileSync(
    join(audit, stream, 'checkpoint'),
    `lelu/${stream}\n3\n${'A'.repeat(43)}=\n\n— x y\n`,
  )
  const { stdout } = await run(['audit', 'show', id, '--json', '-C', directory])
  const records: { seq: number; checkpoint: number | null }[] = JSON.parse(stdout)
  expect(records.map(({ seq, checkpoint }) => [seq, checkpoint])).toEqual([
    [2, 3],
    [3, null],
  ])
})

test('show does not say of an edited record that a checkpoint covers it', async () => {
  const { directory, id } = await queueOfOne()
  const audit = join(directory, 'audit')
  const [stream = ''] = readdirSync(audit).filter((name) => name.length === 26)
  const segment = join(audit, stream, '0000000000000000.jsonl')
  writeFileSync(segment, readFileSync(segment, 'utf8').replaceAll('"trade"', '"pizza"'))
  const { stdout } = await run(['audit', 'show', id, '-C', directory])
  expect(stdout).toMatch(/pizza[\s\S]*; lelu audit verify says whether it holds/)
  expect(stdout).not.toContain('covered')
})

test('show lists the calls when several have the id, and fails for an unknown one', async () => {
  const directory = join(temporaryFolder(), 'lelu')
  const first = await suspended(directory, trade({ run: 'monday' }))
  await suspended(directory, trade({ run: 'tuesday' }))
  const several = await run(['audit', 'show', 'call-1', '-C', directory])
  expect(several.code).toBe(1)
  expect(several.stdout).toMatch(/^2 calls have the id call-1[\s\S]*monday[\s\S]*tuesday/)
  const json = await run(['audit', 'show', 'call-1', '--json', '-C', directory])
  const [{ id }] = JSON.parse(json.stdout).calls
  expect((await run(['audit', 'show', id, '-C', directory])).stdout).toContain(first)
  const unknown = await run(['audit', 'show', 'nobody', '-C', directory])
  expect(unknown.code).toBe(1)
  expect(unknown.stderr).toMatch(/LELU_AUDIT_NOT_FOUND[\s\S]*help: .*lelu audit search/)
  expect(unknown.stdout).toBe('')
})

test('show and search let nothing of a record steer the terminal', async () => {
  const evil = '\u001b[2K\u202eevil\nnew line'
  const directory = join(temporaryFolder(), 'lelu')
  const log = await openAuditLog({ directory: join(directory, 'audit') })
  await log.append({
    kind: 'decision',
    id: 'D',
    agent: { id: evil, type: evil },
    tool: { name: evil, server: evil, effect: evil },
    decision: evil as 'allow',
    reasons: [{ id: evil, message: evil }],
    policy: { revision: evil },
    signal: { method: evil } as never,
    input: { [evil]: evil },
    call: evil,
    run: evil,
    refs: {},
  })
  await log.append({
    kind: 'outcome',
    refs: { decision: 'D' },
    result: { status: evil, digest: evil, duration_ms: null, error_code: evil },
  })
  await log.append({
    kind: 'token.revoked',
    refs: { decision: 'D', jti: evil },
    reviewer: { id: evil, issuer: evil, method: evil },
    reason: evil,
    scope: evil,
  })
  await log.close()
  for (const columns of [40, 200]) {
    for (const argv of [
      ['show', 'D'],
      ['show', 'D', '--json'],
      ['search', '--text', 'evil'],
    ]) {
      const { stdout } = await run(['audit', ...argv, '-C', directory], {
        terminal: true,
        columns,
        env: { NO_COLOR: '1' },
      })
      expect(stdout).toContain('evil')
      for (const bad of ['\u001b', '\u202e', '\nnew line']) expect(stdout).not.toContain(bad)
    }
  }
})

test('show keeps to the width of a narrow terminal, and cuts nothing off', async () => {
  const { directory, id } = await carriedOut(`a reason ${'of many words '.repeat(20)}`)
  const narrow = await run(['audit', 'show', id, '-C', directory], {
    terminal: true,
    columns: 50,
    env: { NO_COLOR: '1' },
  })
  const wide = await run(['audit', 'show', id, '-C', directory])
  const words = (text: string) => text.split(/\s+/).filter((word) => word !== '')
  expect(words(narrow.stdout)).toEqual(words(wide.stdout))
  // Only what must be copied whole may be longer.
  for (const line of narrow.stdout.split('\n')) {
    if (line.length > 50) expect(line.trim().split(/\s+/).length).toBeLessThanOrEqual(2)
  }
})

test('search finds records by what they say, the newest last, one a line', async () => {
  const { directory, id } = await carriedOut()
  const lines = async (...argv: string[]) =>
    (await run(['audit', 'search', ...argv, '-C', directory])).stdout.trimEnd().split('\n')
  expect(await lines('--kind', 'decision', '--agent', 'trader-1')).toHaveLength(2)
  expect(await lines('--kind', 'approval')).toEqual([
    expect.stringContaining('approval.requested'),
    expect.stringMatching(/approval\.decided {2}approve {2}trade/),
  ])
  expect(await lines('--text', 'checked the acc', '--limit', '1')).toEqual([
    expect.stringContaining(id),
  ])
  expect(await lines('--tool', 'trade', '--limit', '1')).toEqual([
    expect.stringContaining('outcome'),
  ])
  const limited = await run(['audit', 'search', '--tool', 'trade', '--limit', '1', '-C', directory])
  expect(limited.stderr).toMatch(/^\d+ older records are not shown\.\n$/)
  const json = await run(['audit', 'search', '--kind', 'outcome', '--json', '-C', directory])
  expect(JSON.parse(json.stdout)).toMatchObject({ kind: 'outcome', refs: { approval: id } })
})

test('search that finds nothing says so, and refuses a time or an answer that is none', async () => {
  const { directory } = await queueOfOne()
  const none = await run(['audit', 'search', '--agent', 'nobody', '-C', directory])
  expect(none).toMatchObject({ code: 0, stdout: '', stderr: 'No record is like that.\n' })
  const time = await run(['audit', 'search', '--from', 'soon', '-C', directory])
  expect(time.stderr).toMatch(/LELU_AUDIT_OPTIONS_INVALID[\s\S]*2026-11-22T10:00:00Z/)
  expect((await run(['audit', 'search', '--decision', 'maybe', '-C', directory])).code).toBe(2)
})

test('a long search tells a person at a terminal how far it is, and leaves no trace of that', () => {
  let time = 0
  let shown = ''
  const io = {
    terminal: { stdin: true, stdout: true, stderr: true },
    writeError: (text: string) => {
      shown += text
    },
  }
  const progress = progressLine(io as never, () => time)
  progress.show({ read: 1e6, total: 4e6 })
  expect(shown).toBe('')
  time = 1500
  progress.show({ read: 2e6, total: 4e6 })
  progress.clear()
  expect(shown).toBe('\r\u001b[Kreading the log: 50 % of 4 MB\r\u001b[K')
})

test('show --reveal adds the values behind the commitments, and says when they were erased', async () => {
  const { directory, id } = await carriedOut()
  const show = async (...words: string[]) =>
    (await run(['audit', 'show', id, ...words, '-C', directory])).stdout
  expect(await show()).not.toContain('ACME')
  expect(await show()).toMatch(
    /\n\nWhat stands in \{"\$c": …\} is kept beside the log: --reveal shows it/,
  )
  expect(await show('--reveal')).toMatch(/commitments stand for[\s\S]*\/input +\{.*ACME/)
  const [decision, requested] = JSON.parse(await show('--reveal', '--json'))
  expect(decision.revealed).toMatchObject({ status: 'shown', altered: 0 })
  expect(requested.revealed).toBeNull()

  await run(['audit', 'erase', 'alice', '--reason', 'asked', '--yes', '-C', directory])
  const after = await show('--reveal')
  expect(after).toContain('erased: nobody can show it any more')
  expect(after).not.toContain('ACME')
})
