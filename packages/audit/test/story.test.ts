import { describe, expect, it, onTestFinished } from 'vitest'
import { type AuditEvent, type AuditLog, openAuditLog } from '../src/index.ts'
import { findStory } from '../src/reading.ts'
import { decision, temporaryFolder } from './support.ts'

async function openLog(directory: string, now: () => number = Date.now): Promise<AuditLog> {
  const log = await openAuditLog({ directory, now })
  onTestFinished(() => log.close())
  return log
}

const call = (id: string, run = 'run-1') => ({ call: id, run })

/** Says what happens to one approval: two events of a number are one event. */
function event(kind: string, n: number, refs: Record<string, unknown> = {}, more = {}): AuditEvent {
  const about = { approval: 'A', decision: 'D0', event: n, ...refs }
  return { kind, refs: about, ...call('call-1'), ...more } as unknown as AuditEvent
}

/** Two processes: one decides and redeems, another reviews; the reviewer's clock is an hour behind. */
async function editedCall(directory: string): Promise<{ agent: AuditLog; desk: AuditLog }> {
  let time = Date.parse('2026-11-22T10:00:00.000Z')
  const tick = () => {
    time += 1000
    return time
  }
  const agent = await openLog(directory, tick)
  const desk = await openLog(directory, () => tick() - 3_600_000)
  await agent.append(decision('other', { refs: {}, ...call('call-2') }))
  await agent.append(decision('D0', { decision: 'require_approval', refs: {}, ...call('call-1') }))
  await agent.append(event('approval.requested', 1))
  await desk.append(decision('D1', { refs: { approval: 'A' }, ...call('call-1') }))
  await desk.append(event('approval.decided', 2, { decision: 'D1' }, { edited: true }))
  await agent.append(decision('D2', { refs: { approval: 'A' }, ...call('call-1') }))
  await agent.append(event('token.minted', 3, { decision: 'D1', jti: 'J' }))
  await agent.append(
    event('token.redeemed', 4, { decision: 'D1', jti: 'J', redecision: 'D2', attempt: 'T' }),
  )
  await agent.append(event('outcome', 5, { decision: 'D1', attempt: 'T' }))
  return { agent, desk }
}

async function storyOf(directory: string, id: string) {
  const story = await findStory({ directory, id })
  if (!('records' in story)) throw new Error('expected one call')
  return story.records
}

const whole = [
  ...['decision', 'approval.requested', 'decision', 'approval.decided', 'decision'],
  ...['token.minted', 'token.redeemed', 'outcome'],
]

describe('the story of a call', () => {
  it('is found from the id of any part of it, with the decisions before and after an edit', async () => {
    const directory = temporaryFolder()
    const { agent } = await editedCall(directory)
    for (const id of ['D0', 'D1', 'D2', 'A', 'J', 'T', 'call-1']) {
      const records = await storyOf(directory, id)
      expect(records.map(({ record }) => record.kind)).toEqual(whole)
      expect(records.map(({ record }) => record.id)).not.toContain('other')
    }
    const [first] = await storyOf(directory, 'A')
    expect(first).toMatchObject({ stream: agent.stream, seq: 2, copies: [] })
    expect(JSON.parse(first?.raw ?? '')).toEqual(first?.record)
  })

  it('is in order although a clock is an hour behind', async () => {
    const directory = temporaryFolder()
    await editedCall(directory)
    const records = await storyOf(directory, 'A')
    expect(records.map(({ record }) => record.kind)).toEqual(whole)
    expect(String(records[3]?.record.ts) < String(records[0]?.record.ts)).toBe(true)
  })

  it('shows an event once that a crash left in two streams, and says where the other is', async () => {
    const directory = temporaryFolder()
    const { desk } = await editedCall(directory)
    await desk.append(event('approval.requested', 1))
    const records = await storyOf(directory, 'A')
    expect(records.map(({ record }) => record.kind)).toEqual(whole)
    expect(records[1]?.copies).toEqual([{ stream: desk.stream, seq: 3 }])
  })

  it('shows both of two events that share a number and say different things', async () => {
    const directory = temporaryFolder()
    const { desk } = await editedCall(directory)
    await desk.append(event('approval.decided', 2, { decision: 'D1' }, { vote: 'deny' }))
    const records = await storyOf(directory, 'A')
    expect(records.filter(({ record }) => record.kind === 'approval.decided')).toHaveLength(2)
  })

  it('of a call under a standing grant leaves out the call that the grant was made of', async () => {
    const directory = temporaryFolder()
    const { agent } = await editedCall(directory)
    await agent.append({ kind: 'grant.created', refs: { approval: 'A', grant: 'G' } })
    await agent.append(decision('D9', { refs: {}, ...call('call-9') }))
    const used = { decision: 'D9', grant: 'G', approval: 'A' }
    await agent.append({ kind: 'grant.used', refs: used, ...call('call-9') })
    const kinds = (await storyOf(directory, 'D9')).map(({ record }) => record.kind)
    expect(kinds).toEqual(['decision', 'grant.used'])
    const first = (await storyOf(directory, 'A')).map(({ record }) => record.kind)
    expect(first).toEqual([...whole, 'grant.created'])
  })

  it('of an id that several calls share is the list of them', async () => {
    const directory = temporaryFolder()
    const log = await openLog(directory)
    await log.append(decision('D1', { refs: {}, ...call('call-1', 'monday') }))
    await log.append({
      kind: 'outcome',
      refs: { decision: 'D1' },
      ...call('call-1', 'monday'),
    } as never)
    await log.append(decision('D2', { refs: {}, ...call('call-1', 'tuesday') }))
    const story = await findStory({ directory, id: 'call-1' })
    expect(story).toMatchObject({
      more: false,
      calls: [
        { id: 'D1', run: 'monday', agent: 'trader-1', tool: 'trade', seq: 1 },
        { id: 'D2', run: 'tuesday', seq: 3 },
      ],
    })
    expect(await storyOf(directory, 'D1')).toHaveLength(2)
  })

  it('ends with the erasures of what it has committed to, not with other calls of that person', async () => {
    const directory = temporaryFolder()
    const log = await openLog(directory)
    const erasure = (erased: string, subject: string) =>
      log.append({
        ...{ kind: 'erasure', data_subject: subject, reviewer: null, reason: 'asked to' },
        ...{ erased, keys: 1 },
      })
    await erasure('2020-01-01T00:00:00.000Z', 'S')
    await log.append(decision('D1', { refs: {}, data_subject: 'S' }))
    await log.append(decision('D2', { refs: {}, data_subject: 'S' }))
    await erasure('2100-01-01T00:00:00.000Z', 'another')
    await erasure('2100-01-01T00:00:00.000Z', 'S')
    const records = await storyOf(directory, 'D1')
    expect(records.map(({ record, seq }) => [record.kind, seq])).toEqual([
      ['decision', 2],
      ['erasure', 5],
    ])
  })

  it('of a record that is about no call is that record', async () => {
    const directory = temporaryFolder()
    const log = await openLog(directory)
    await log.append({ kind: 'policy.loaded', id: 'P', policy: { revision: 'r' }, refs: {} })
    expect((await storyOf(directory, 'P')).map(({ record }) => record.kind)).toEqual([
      'policy.loaded',
    ])
  })

  it('is not made of records that only mention the id, and is refused for an unknown one', async () => {
    const directory = temporaryFolder()
    const { agent } = await editedCall(directory)
    await agent.append(decision('D7', { refs: {}, note: 'A', input: { approval: 'A', id: 'A' } }))
    expect((await storyOf(directory, 'A')).map(({ record }) => record.id)).not.toContain('D7')
    await expect(findStory({ directory, id: 'nothing' })).rejects.toMatchObject({
      code: 'LELU_AUDIT_NOT_FOUND',
      help: expect.stringContaining('audit search'),
    })
  })
})
