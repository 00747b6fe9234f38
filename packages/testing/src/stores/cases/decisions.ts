import type { Actor } from '../actor.ts'
import type { Counts, StoreCase } from '../case.ts'
import { look, noteUnexpected, suspend, together } from '../moves.ts'
import type { Order, Reply } from '../protocol.ts'
import type { StoreStage } from '../stage.ts'
import { walkFaults } from '../walk.ts'

const seen = (replies: readonly Reply[]) => replies.flatMap(({ approval }) => approval ?? [])

const repeat = (count: number, order: Order): Order[] => Array.from({ length: count }, () => order)

/** How long a call has for its review where the race is about the end of that time. */
const briefMs = 600

type Race = {
  verbs: readonly Order['verb'][]
  /** Who races for the call once it is approved. */
  ending: readonly ('resume' | 'revoke' | 'cancel')[]
  /** From how long before the deadline on, and for how long, in ms; without it the deadline is far. */
  around?: { before: number; spread: number }
}

/** A call that is approved may still be cancelled, so not every race has every rival: each is to win some. */
const races: readonly Race[] = [
  { verbs: ['review'], ending: ['resume', 'revoke'] },
  { verbs: ['review', 'cancel'], ending: ['resume', 'cancel'] },
  {
    verbs: ['review', 'get'],
    ending: ['resume', 'revoke', 'cancel'],
    around: { before: 2, spread: 20 },
  },
  {
    verbs: ['review', 'cancel', 'get'],
    ending: ['resume', 'revoke'],
    around: { before: 12, spread: 18 },
  },
]

const each = 6

function ordersOf(verb: Order['verb'], approval: string): Order[] {
  if (verb !== 'review') return repeat(each, { verb: verb as 'get', approval })
  return Array.from({ length: 2 * each }, (_, n) => {
    const verdict = n % 2 === 0 ? 'approve' : 'deny'
    return { verb, approval, verdict, reviewer: `${verdict}-${n}` }
  })
}

/** In an order of their own, at moments of their own: some a little before the deadline, some after it. */
function shuffled(
  orders: readonly Order[],
  random: () => number,
  from: number,
  spread: number,
): Order[] {
  return orders
    .map((order) => ({ ...order, at: from + Math.floor(random() * spread) }))
    .sort((left, right) => left.at - right.at)
}

async function decideOne(
  stage: StoreStage,
  racers: [Actor, Actor],
  { verbs, ending, around }: Race,
  counts: Counts,
): Promise<void> {
  const call = { run: stage.run(), ...(around && { expiresInMs: briefMs }) }
  const { id, approveBy } = await suspend(racers[0], call)
  const rivals = verbs.flatMap((verb) => ordersOf(verb, id))
  const from = around === undefined ? Date.now() + 15 : approveBy - around.before
  const spread = around?.spread ?? 4
  const replies = await together(racers, shuffled(rivals, stage.random, from, spread))
  const first = await look(racers[1], id)
  const sights = [...seen(replies), first]
  // What the winner made of the first revision: one content, whoever saw it.
  const won = sights.filter(({ revision }) => revision === 2).map((one) => JSON.stringify(one))
  // Running takes several steps before the claim; the others start later, so that it may win.
  const endings = ending.flatMap((verb) => {
    const later = verb === 'resume' ? 0 : 150
    return shuffled(ordersOf(verb, id), stage.random, Date.now() + 15, 1 + later)
  })
  const ended = first.state === 'approved' ? await together(racers, endings) : []
  noteUnexpected(stage, id, [...replies, ...ended])
  const last = await look(racers[0], id)
  const faults = walkFaults([...sights, ...seen(ended), last])
  const effects = stage.effects(id)
  if (new Set(won).size > 1) faults.push(`${new Set(won).size} winners`)
  if (effects !== (last.state === 'completed' ? 1 : 0)) faults.push(`${effects} effects`)
  if (['pending', 'approved', 'executing'].includes(last.state)) faults.push('nobody won')
  for (const fault of faults) stage.wrong(`${id}, ${last.state}: ${fault}`)
  counts.rounds = (counts.rounds ?? 0) + 1
  counts.inconsistent = (counts.inconsistent ?? 0) + faults.length
  counts[last.state] = (counts[last.state] ?? 0) + 1
}

async function decisionRace(stage: StoreStage): Promise<Counts> {
  const racers = await stage.pair()
  const counts: Counts = { rounds: 0, inconsistent: 0 }
  const left = stage.rounds(24, 1000)
  for (let done = 0; done < left; done += 2 * races.length) {
    const batch = [...races, ...races].slice(0, left - done)
    await Promise.all(batch.map((race) => decideOne(stage, racers, race, counts)))
  }
  return counts
}

export const decisionCases: readonly StoreCase[] = [
  {
    fault: 'decision race',
    title:
      'lets one of approving, denying, cancelling and expiring win, then one of running and revoking',
    play: decisionRace,
  },
]
