import type { Counts, StoreCase } from '../case.ts'
import { approved, look, suspend } from '../moves.ts'
import { strictLimit } from '../policy.ts'
import type { StoreStage } from '../stage.ts'

/** An amount that the new policy denies, and one for which it asks two people where one has approved. */
const amounts = [strictLimit + 50, strictLimit - 25]

async function tightenedPolicy(stage: StoreStage): Promise<Counts> {
  const [before] = await stage.pair()
  const after = await stage.actor({ strict: true })
  const counts = { rounds: 0, revoked: 0, effects: 0 }
  for (const amount of amounts) {
    const { id } = await approved(before, { run: stage.run(), amount })
    const { status, code } = await after.order({ verb: 'resume', approval: id })
    const { state, reason } = await look(before, id)
    if (status !== 'denied' || state !== 'revoked' || reason?.id !== 'policy_changed')
      stage.wrong(`${amount}: ${code ?? status}, and it is ${state}`)
    // The process that still has the old policy does not bring it back.
    const again = await before.order({ verb: 'resume', approval: id })
    if (again.status !== 'denied') stage.wrong(`${amount}: again it was ${again.status}`)
    const effects = stage.effects(id)
    if (effects > 0) stage.wrong(`${amount}: it ran ${effects} times`)
    counts.rounds += 1
    counts.revoked += state === 'revoked' ? 1 : 0
    counts.effects += effects
  }
  return counts
}

/** Pages of 50, as a reviewer's list asks for them. */
const limit = 50

async function pages(stage: StoreStage): Promise<Counts> {
  const desks = await stage.pair()
  const tenant = stage.run()
  const half = stage.rounds(1000, 50_000)
  // Few enough at once that none waits for its deadline behind the others: what is looked at here are the pages.
  const atOnce = stage.rounds(16, 64)
  const filled = await Promise.all(
    desks.map((desk) =>
      desk.order({ verb: 'fill', tenant, run: stage.run(), count: half, atOnce }),
    ),
  )
  const made = filled.flatMap((reply) => reply.made ?? [])
  for (const { code, message } of filled)
    if (code !== undefined) stage.wrong(`not all were made: ${code} ${message}`)
  if (made.length !== 2 * half) stage.wrong(`${made.length} of ${2 * half} were made`)
  // Neither another state nor another tenant belongs to the pages.
  await approved(desks[0], { run: stage.run(), tenant })
  await suspend(desks[1], { run: stage.run(), tenant: `${tenant}-other` })
  const counts = { records: made.length, pages: 0, missed: 0, repeated: 0, slowestMs: 0 }
  for (const desk of desks) {
    const times = new Map<string, number>()
    let after: string | null = ''
    while (after !== null) {
      const { page, ms, code, message } = await desk.order({
        verb: 'list',
        tenant,
        state: 'pending',
        limit,
        ...(after !== '' && { after }),
      })
      if (page === undefined) throw new Error(`no page: ${code} ${message}`)
      if (page.altered.length > 0) stage.wrong(`${page.altered.length} look altered`)
      for (const id of page.ids) times.set(id, (times.get(id) ?? 0) + 1)
      counts.pages += 1
      counts.slowestMs = Math.max(counts.slowestMs, ms)
      after = page.next
    }
    const missed = made.filter((id) => !times.has(id)).length
    const repeated = [...times.values()].filter((count) => count > 1).length
    const strangers = times.size - (made.length - missed)
    if (missed > 0) stage.wrong(`${missed} were on no page`)
    if (repeated > 0) stage.wrong(`${repeated} were on two pages`)
    if (strangers > 0) stage.wrong(`${strangers} were on a page they do not belong to`)
    counts.missed += missed
    counts.repeated += repeated
  }
  return counts
}

export const changeCases: readonly StoreCase[] = [
  {
    fault: 'policy tightened',
    title:
      'runs nothing that the policy of today denies or asks more people about, though it was approved',
    play: tightenedPolicy,
  },
  {
    fault: 'many pending',
    title: 'shows each of many pending approvals on exactly one page',
    play: pages,
  },
]
