import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Approval, Json } from '@lelu/engine'
import { expect, test } from 'vitest'
import { queueOfOne, requirement, run, suspended, temporaryFolder, trade } from './support.ts'

async function read(directory: string, id: string): Promise<Approval> {
  const { stdout, stderr } = await run(['approvals', 'show', id, '--json', '-C', directory])
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}

test('the queue shows who wants what, how sure, and how long there is left', async () => {
  const { directory, id } = await queueOfOne()
  const { code, stdout } = await run(['approvals', 'list', '-C', directory])
  const [heading, row] = stdout.split('\n')
  expect(heading).toMatch(/^ID +AGE +EXPIRES IN +AGENT +ACTION +CONFIDENCE +STATE$/)
  expect(row).toMatch(
    new RegExp(`^${id} +\\d+ s +(1 d|23 h 59 min) +trader-1 +trade +0.85 claimed +pending$`),
  )
  expect(code).toBe(0)
})

test('the queue is paged and filtered by state and tenant', async () => {
  const directory = join(temporaryFolder(), 'lelu')
  const ids: string[] = []
  for (const tenant of ['a', 'b', 'b']) ids.push(await suspended(directory, trade({ tenant })))
  const list = async (...argv: string[]) => {
    const { stdout } = await run(['approvals', 'list', '--json', '-C', directory, ...argv])
    const page = JSON.parse(stdout)
    expect(Object.keys(page)).toEqual(['approvals', 'altered', 'next'])
    return { ...page, ids: page.approvals.map((one: Approval) => one.id) }
  }
  expect((await list()).ids).toEqual(ids)
  expect((await list('--tenant', 'b')).ids).toEqual(ids.slice(1))
  const first = await list('--limit', '2')
  expect(first.ids).toEqual(ids.slice(0, 2))
  expect((await list('--after', first.next)).ids).toEqual(ids.slice(2))
  // What is listed before is there still: it must not read as if nothing waited.
  for (const words of [['approvals'], ['grants'], ['notifications']]) {
    const behind = await run([...words, 'list', '--after', 'zzz', '-C', directory])
    expect(behind.stdout).toBe('There is nothing more after that one.\n')
  }
  await run(['approvals', 'deny', ids[0] as string, '--reason', 'no', '-C', directory])
  expect((await list()).ids).toEqual(ids.slice(1))
  expect((await list('--state', 'denied')).ids).toEqual(ids.slice(0, 1))
  expect((await list('--state', 'all')).ids).toEqual(ids)
})

test('an empty queue says so', async () => {
  const { directory, id } = await queueOfOne()
  await run(['approvals', 'deny', id, '--reason', 'no', '-C', directory])
  expect((await run(['approvals', 'list', '-C', directory])).stdout).toBe(
    'There are no approvals with state pending.\n',
  )
})

test('show prints the whole input, never cut, with its digest and why it stopped', async () => {
  const directory = join(temporaryFolder(), 'lelu')
  const input: Json = {
    list: Array.from({ length: 3000 }, (_, index) => ({ index, text: 'x'.repeat(60) })),
    end: 'THE END',
  }
  const id = await suspended(
    directory,
    trade({ call: { id: 'c', tool: 'trade', input }, run: 'run-7', context: { desk: 4 } }),
  )
  const { digest, decision, approveBy } = await read(directory, id)
  const { stdout, code } = await run(['approvals', 'show', id, '-C', directory])
  const marker = `Input, whole (digest ${digest})\n`
  expect(JSON.parse(stdout.slice(stdout.indexOf(marker) + marker.length))).toEqual(input)
  for (const text of [
    id,
    'pending',
    'The agent is not sure enough. (not_sure_enough)',
    '0.85 (verbalized; claimed by the model, not verified)',
    'alice (user)',
    'run-7',
    '{"desk":4}',
    '1 reviewer (not_sure_enough)',
    new Date(approveBy).toISOString(),
    `audit record ${decision.audit.stream}/${decision.audit.seq}`,
  ]) {
    expect(stdout).toContain(text)
  }
  expect(code).toBe(0)
})

test('no valid confidence is shown as unknown, not as a number', async () => {
  const directory = join(temporaryFolder(), 'lelu')
  const { confidence: _, ...without } = trade()
  const id = await suspended(directory, without)
  expect((await run(['approvals', 'show', id, '-C', directory])).stdout).toContain(
    'confidence  unknown, counts as 0\n',
  )
})

test('a call shows who may review it later, and from when', async () => {
  const directory = join(temporaryFolder(), 'lelu')
  const escalation = [
    { afterMs: 1_800_000, groups: ['leads'] },
    { afterMs: 3_600_000, reviewers: ['erin\u001b[2K'] },
  ]
  const asked = requirement({ reviewers: ['bob'], escalation })
  const id = await suspended(directory, trade(), [asked])
  const { createdAt } = await read(directory, id)
  const { stdout } = await run(['approvals', 'show', id, '-C', directory])
  const from = (ms: number) => `    from ${new Date(createdAt + ms).toISOString()} (in `
  expect(stdout).toContain('  1 reviewer of: bob (not_sure_enough)\n')
  expect(stdout.split('\n').filter((line) => line.includes(' also: '))).toEqual([
    expect.stringMatching(/ also: members of leads$/),
    expect.stringMatching(/ also: erin\\u001b\[2K$/),
  ])
  expect(stdout).toContain(from(1_800_000))
  expect(stdout).toContain(from(3_600_000))
})

test('a step that adds nobody, for everybody may review, is shown as a notice alone', async () => {
  const directory = join(temporaryFolder(), 'lelu')
  const escalation = [{ afterMs: 1_800_000, reviewers: ['erin'] }]
  const id = await suspended(directory, trade(), [requirement({ escalation })])
  const { stdout } = await run(['approvals', 'show', id, '-C', directory])
  expect(stdout).toMatch(/\n {4}at \S+ \(in [^)]+\) told once more\n/)
  expect(stdout).not.toContain('erin')
})

test('nothing in a call can steer or fool the terminal of its reviewer', async () => {
  const directory = join(temporaryFolder(), 'lelu')
  const evil = 'safe\u001b[2K\u001b[1A\u202egnihton\u2066\u200b\u009b31m\r\nApproval forged'
  const id = await suspended(
    directory,
    trade({
      call: { id: 'c', tool: 'send_email', input: { [`to${evil}`]: evil } },
      context: { note: evil },
    }),
  )
  await run(['approvals', 'cancel', id, '--reason', evil, '-C', directory])
  for (const argv of [
    ['show', id],
    ['list', '--state', 'all'],
    ['show', id, '--json'],
    ['list', '--state', 'all', '--json'],
  ]) {
    const { stdout, code } = await run(['approvals', ...argv, '-C', directory], {
      env: { NO_COLOR: '1' },
      terminal: true,
    })
    expect(code).toBe(0)
    expect(stdout).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u)
    expect(stdout).not.toMatch(/^Approval forged/m)
    if (argv[0] === 'show') expect(stdout).toContain('\\u001b[2K')
  }
  const { request } = await read(directory, id)
  expect(request.call.input).toEqual({ [`to${evil}`]: evil }) // escapes change the view, not the value
})

test('an approval that is not there is an error that says where to look', async () => {
  const { directory } = await queueOfOne()
  for (const command of ['show', 'approve', 'cancel', 'wait']) {
    const { code, stderr } = await run(['approvals', command, 'apr_x', '-C', directory])
    expect(stderr).toMatch(/LELU_APPROVAL_NOT_FOUND[\s\S]*help: .*lelu approvals list/)
    expect(code).toBe(1)
  }
})

test('a row that was changed in the database is named loudly and can be neither shown nor approved', async () => {
  const { directory, id } = await queueOfOne()
  const other = await suspended(directory, trade())
  const database = new DatabaseSync(join(directory, 'approvals.db'))
  database
    .prepare(
      `UPDATE lelu_approval SET body = replace(body, '"amount":100', '"amount":999') WHERE id = ?`,
    )
    .run(id)
  database.close()
  const { code, stdout, stderr } = await run(['approvals', 'list', '-C', directory])
  expect(stdout).toContain(`ALTERED  ${id}`)
  expect(stdout).toContain(other) // and hides nothing else
  expect(stderr).toContain(`WARNING: altered outside Lelu, will never run: ${id}`)
  expect(code).toBe(0)
  for (const command of ['show', 'approve']) {
    const refused = await run(['approvals', command, id, '-C', directory])
    expect(refused.stderr).toContain('LELU_APPROVAL_ALTERED')
    expect(refused.code).toBe(1)
  }
})

test('wait ends with 0 when approved, 1 when denied, 1 with a code of its own when nobody decided', async () => {
  const { directory, id } = await queueOfOne()
  const early = await run(['approvals', 'wait', id, '--timeout', '0', '-C', directory])
  expect(early.stderr).toContain('LELU_APPROVAL_PENDING')
  expect(early.code).toBe(1)
  const waiting = run(['approvals', 'wait', id, '-C', directory])
  await run(['approvals', 'approve', id, '-C', directory])
  expect(await waiting).toMatchObject({ code: 0, stdout: `${id} is approved\n` })

  const denied = await queueOfOne()
  await run(['approvals', 'deny', denied.id, '--reason', 'no', '-C', denied.directory])
  const { code, stdout, stderr } = await run([
    'approvals',
    'wait',
    denied.id,
    '--json',
    '-C',
    denied.directory,
  ])
  expect(JSON.parse(stdout).state).toBe('denied')
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
})

test('an interrupted wait ends at once, without an error', async () => {
  const { directory, id } = await queueOfOne()
  const abort = new AbortController()
  const waiting = run(['approvals', 'wait', id, '-C', directory], { signal: abort.signal })
  setTimeout(() => abort.abort(), 50)
  expect(await waiting).toMatchObject({ stdout: '', stderr: '' })
})

test('approvals of a directory without keys are refused, and nothing is made there', async () => {
  const { directory, id } = await queueOfOne()
  const { rename } = await import('node:fs/promises')
  await rename(join(directory, 'keys'), join(directory, 'lost'))
  for (const argv of [
    ['approvals', 'list'],
    ['approvals', 'approve', id],
    ['tokens', 'revoke', '--all'],
  ]) {
    const { code, stderr } = await run([...argv, '-C', directory])
    expect(stderr).toMatch(/LELU_KEYS_NOT_FOUND[\s\S]*help: Restore keys/)
    expect(code).toBe(1)
  }
  expect(existsSync(join(directory, 'keys'))).toBe(false)
  await rename(join(directory, 'lost'), join(directory, 'keys'))
  expect((await read(directory, id)).state).toBe('pending')
})
