import type { Actor } from '../actor.ts'
import type { Counts, StoreCase } from '../case.ts'
import { look, sleep, suspend, together } from '../moves.ts'
import type { Order } from '../protocol.ts'
import type { StoreStage } from '../stage.ts'

const skewMs = 5 * 60_000
/** Far less than the skew, and far more than a busy machine needs. */
const ampleMs = 60_000
const briefMs = 900

/** How far a deadline may be from where an honest clock would have put it, in ms. */
const honestMs = 20_000

async function skewOne(
  stage: StoreStage,
  ahead: Actor,
  behind: Actor,
  tally: Counts,
): Promise<void> {
  const add = (name: string) => {
    tally[name] = (tally[name] ?? 0) + 1
  }
  // Each of them suspends one: a deadline must not depend on the clock of whoever sets it.
  for (const [maker, other] of [
    [ahead, behind],
    [behind, ahead],
  ] as const) {
    const asked = Date.now()
    const early = await suspend(maker, { expiresInMs: ampleMs, run: stage.run() })
    const late = await suspend(maker, { expiresInMs: briefMs, run: stage.run() })
    const lateAt = Date.now()
    const off = Math.abs(early.approveBy - asked - ampleMs)
    if (off > honestMs) stage.wrong(`${early.id}: its deadline is off by ${off} ms`)
    const review = { verb: 'review', reviewer: 'rita', verdict: 'approve' } as const
    // In time, by a clock that says it is late, or that it is early.
    const pending = await look(other, early.id)
    if (pending.state !== 'pending') {
      add('earlyExpiries')
      stage.wrong(`${early.id}: ${pending.state} before its deadline`)
    }
    const soon = await other.order({ ...review, approval: early.id })
    if (soon.approval?.state !== 'approved') {
      add('earlyExpiries')
      stage.wrong(`${early.id}: expired before its deadline (${soon.code})`)
    }
    // By the clock of this host: a deadline that is off must not be waited for.
    await sleep(Math.max(lateAt + briefMs - Date.now() + 50, 0))
    for (const one of [behind, ahead]) {
      const { code, approval } = await one.order({ ...review, approval: late.id })
      if (code === 'LELU_APPROVAL_STATE') continue
      add('lateApprovals')
      stage.wrong(`${late.id}: after its deadline: ${code ?? approval?.state}`)
    }
    const ended = await look(maker, late.id)
    if (ended.state !== 'expired') stage.wrong(`${late.id}: it is ${ended.state}`)
    add('rounds')
  }
}

async function skewedClocks(stage: StoreStage): Promise<Counts> {
  const ahead = await stage.actor({ aheadMs: skewMs })
  const behind = await stage.actor({ aheadMs: -skewMs })
  const counts: Counts = { rounds: 0, skewMs, lateApprovals: 0, earlyExpiries: 0 }
  const width = stage.rounds(3, 20)
  for (let round = 0; round < stage.rounds(1, 10); round += 1)
    await Promise.all(Array.from({ length: width }, () => skewOne(stage, ahead, behind, counts)))
  return counts
}

async function readNearDeadline(
  stage: StoreStage,
  desks: [Actor, Actor],
  counts: Counts,
): Promise<void> {
  const { id, approveBy } = await suspend(desks[0], { run: stage.run(), expiresInMs: 500 })
  const near = (from: number, width: number) =>
    approveBy + from + Math.floor(stage.random() * width)
  const readers = Array.from({ length: 20 }, (): Order => {
    return { verb: 'get', approval: id, at: near(-40, 60) }
  })
  const order = { verb: 'review', approval: id, reviewer: 'rita', verdict: 'approve' } as const
  const replies = await together(desks, [{ ...order, at: near(-25, 30) }, ...readers])
  const [vote] = replies
  for (const { code, message } of replies.slice(1))
    if (code !== undefined) stage.wrong(`${id}: a reader was told ${code}: ${message}`)
  const approvedInTime = vote?.code === undefined
  await sleep(Math.max(approveBy - Date.now() + 40, 0))
  for (const desk of desks) {
    const { state } = await look(desk, id)
    if (state === (approvedInTime ? 'approved' : 'expired')) continue
    counts.lost = (counts.lost ?? 0) + 1
    stage.wrong(`${id}: approving was told ${vote?.code ?? 'yes'}, and it is ${state}`)
  }
  const name = approvedInTime ? 'approved' : 'expired'
  counts.rounds = (counts.rounds ?? 0) + 1
  counts[name] = (counts[name] ?? 0) + 1
  if (!approvedInTime) return
  const resumed = await desks[1].order({ verb: 'resume', approval: id })
  if (resumed.status !== 'executed' || stage.effects(id) !== 1)
    stage.wrong(`${id}: approved in time, and told ${resumed.code ?? resumed.status}`)
}

async function manyReaders(stage: StoreStage): Promise<Counts> {
  const desks = await stage.pair()
  const counts: Counts = { rounds: 0, readers: 20, approved: 0, expired: 0, lost: 0 }
  for (let round = 0; round < stage.rounds(2, 50); round += 1)
    await Promise.all(Array.from({ length: 6 }, () => readNearDeadline(stage, desks, counts)))
  return counts
}

export const deadlineCases: readonly StoreCase[] = [
  {
    fault: 'skewed clocks',
    title:
      'approves nothing late and expires nothing early for processes whose clocks are five minutes off',
    needs: ['serverClock', 'processes'],
    play: skewedClocks,
  },
  {
    fault: 'read near its deadline',
    title: 'keeps an approval that many read while it is approved or expires',
    play: manyReaders,
  },
]
