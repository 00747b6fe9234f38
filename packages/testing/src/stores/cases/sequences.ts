import type { Approval } from '@lelu/engine'
import type { Actor } from '../actor.ts'
import type { Counts, StoreCase } from '../case.ts'
import { isRefusal, look, suspend } from '../moves.ts'
import { requesters } from '../player.ts'
import { forbiddenAmount } from '../policy.ts'
import type { Order } from '../protocol.ts'
import { pick } from '../random.ts'
import type { StoreStage } from '../stage.ts'
import { walkFaults } from '../walk.ts'

const reviewers = ['rita', 'sam', 'tom', requesters.user]

/** Codes with which an order may be refused here, beside those of whoever came second. */
const ruled: readonly string[] = ['LELU_REVIEWER_NOT_ELIGIBLE', 'LELU_EDIT_REFUSED']

function randomOrder(approval: string, random: () => number): Order {
  const reviewer = pick(random, reviewers)
  const verb = pick(random, [
    'approve',
    'approve',
    'edit',
    'deny',
    'mint',
    'resume',
    'resume',
    'end',
  ])
  if (verb === 'mint' || verb === 'resume') return { verb, approval }
  if (verb === 'end')
    return { verb: pick(random, ['cancel', 'revoke', 'get', 'get'] as const), approval }
  if (verb === 'deny') return { verb: 'review', approval, reviewer, verdict: 'deny' }
  const review: Order = { verb: 'review', approval, reviewer, verdict: 'approve' }
  return verb === 'edit' ? { ...review, amount: pick(random, [2, 3, forbiddenAmount]) } : review
}

/** Orders as steps: those of one step are given at once, to whichever process. */
function randomSteps(approval: string, random: () => number): { by: number; order: Order }[][] {
  return Array.from({ length: 4 }, () =>
    Array.from({ length: 1 + Math.floor(random() * 4) }, () => ({
      by: Math.floor(random() * 2),
      order: randomOrder(approval, random),
    })),
  )
}

async function playOne(stage: StoreStage, actors: [Actor, Actor], counts: Counts): Promise<void> {
  const quorum = pick(stage.random, [1, 2])
  const first = await suspend(actors[0], { run: stage.run(), quorum })
  const { id } = first
  const steps = randomSteps(id, stage.random)
  const sights: Approval[] = [first]
  const faults: string[] = []
  for (const step of steps) {
    const replies = await Promise.all(
      step.map(({ by, order }) => (actors[by] as Actor).order(order)),
    )
    for (const reply of replies) {
      if (reply.approval !== undefined) sights.push(reply.approval)
      const fine = reply.code === undefined || isRefusal(reply) || ruled.includes(reply.code)
      if (!fine) faults.push(`somebody was told ${reply.code}: ${reply.message}`)
    }
    // After each step, so that the walk has no gap that hides a forbidden transition.
    for (const actor of actors) sights.push(await look(actor, id))
  }
  const last = sights.at(-1) as Approval
  faults.push(...walkFaults(sights))
  const effects = stage.effects(id)
  if (effects !== (last.state === 'completed' ? 1 : 0)) faults.push(`${effects} effects`)
  if (last.votes.some(({ reviewer }) => reviewer.id === requesters.user))
    faults.push('the requester voted')
  counts.sequences = (counts.sequences ?? 0) + 1
  counts.orders = (counts.orders ?? 0) + steps.flat().length
  counts.faults = (counts.faults ?? 0) + faults.length
  counts[last.state] = (counts[last.state] ?? 0) + 1
  const story = JSON.stringify(steps.map((step) => step.map(({ by, order }) => [by, order])))
  for (const fault of faults) stage.wrong(`${id}, ${last.state}: ${fault} after ${story}`)
}

async function randomSequences(stage: StoreStage): Promise<Counts> {
  const actors = await stage.pair()
  const counts: Counts = { sequences: 0, orders: 0, faults: 0 }
  const width = 8
  const left = stage.rounds(64, 2000)
  for (let done = 0; done < left; done += width)
    await Promise.all(Array.from({ length: width }, () => playOne(stage, actors, counts)))
  return counts
}

export const sequenceCases: readonly StoreCase[] = [
  {
    fault: 'random sequences',
    title: 'stays inside the table of transitions, whatever two processes do in whatever order',
    play: randomSequences,
  },
]
