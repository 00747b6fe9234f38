import type { Counts, StoreCase } from '../case.ts'
import { look, suspend, together } from '../moves.ts'
import { requesters } from '../player.ts'
import { forbiddenAmount } from '../policy.ts'
import type { Order } from '../protocol.ts'
import type { StoreStage } from '../stage.ts'

const quorum = 10

const votes = (approval: string, count: number, name: (n: number) => string): Order[] =>
  Array.from({ length: count }, (_, n) => ({
    verb: 'review',
    approval,
    verdict: 'approve',
    reviewer: name(n),
  }))

async function manyReviewers(stage: StoreStage): Promise<Counts> {
  const desks = await stage.pair()
  const counts = { rounds: stage.rounds(8, 300), votes: 0, lost: 0 }
  for (let round = 0; round < counts.rounds; round += 1) {
    const { id } = await suspend(desks[0], { run: stage.run(), quorum })
    const replies = await together(
      desks,
      votes(id, quorum, (n) => `reviewer-${n}`),
    )
    for (const { code, message } of replies)
      if (code !== undefined) stage.wrong(`${id}: a vote was told ${code}: ${message}`)
    const approval = await look(desks[1], id)
    const kept = new Set(approval.votes.map(({ reviewer }) => reviewer.id)).size
    counts.votes += kept
    counts.lost += quorum - kept
    if (kept !== quorum || approval.state !== 'approved')
      stage.wrong(`${id}: ${kept} of ${quorum} votes, ${approval.state}`)
  }
  return counts
}

async function oneReviewer(stage: StoreStage): Promise<Counts> {
  const desks = await stage.pair()
  const counts = { rounds: stage.rounds(5, 300), asked: 50, votes: 0 }
  for (let round = 0; round < counts.rounds; round += 1) {
    const { id } = await suspend(desks[0], { run: stage.run(), quorum: 2 })
    await together(
      desks,
      votes(id, counts.asked, () => 'rita'),
    )
    const approval = await look(desks[1], id)
    counts.votes += approval.votes.length
    if (approval.votes.length !== 1 || approval.state !== 'pending')
      stage.wrong(`${id}: one reviewer counts ${approval.votes.length} times, ${approval.state}`)
  }
  return counts
}

/** Refused, and nothing of it is stored: the call waits as before, whatever process looks. */
async function refused(
  stage: StoreStage,
  make: (approval: string) => Order[],
  expected: string,
): Promise<Counts> {
  const [asking, desk] = await stage.pair()
  const counts: Counts = { refused: 0, accepted: 0 }
  const before = await suspend(asking, { run: stage.run() })
  for (const order of make(before.id)) {
    const { code } = await desk.order(order)
    if (code === expected) counts.refused = (counts.refused ?? 0) + 1
    else {
      counts.accepted = (counts.accepted ?? 0) + 1
      stage.wrong(`${JSON.stringify(order)} was told ${code ?? 'yes'}`)
    }
    const after = await look(asking, before.id)
    if (JSON.stringify(after) !== JSON.stringify(before)) stage.wrong(`${before.id} was changed`)
  }
  return counts
}

export const voteCases: readonly StoreCase[] = [
  {
    fault: 'votes at once',
    title: 'loses no vote of ten reviewers who vote at once',
    play: manyReviewers,
  },
  {
    fault: 'one reviewer voting often',
    title: 'counts a reviewer once, however often and from wherever they vote',
    play: oneReviewer,
  },
  {
    fault: 'own approval',
    title: 'refuses the agent that asked and the person it acts for as reviewers',
    play: (stage) =>
      refused(
        stage,
        (id) => [requesters.agent, requesters.user].flatMap((name) => votes(id, 1, () => name)),
        'LELU_REVIEWER_NOT_ELIGIBLE',
      ),
  },
  {
    fault: 'forbidden edit',
    title: 'refuses an edit into what the policy denies',
    play: (stage) =>
      refused(
        stage,
        (id) =>
          votes(id, 1, () => 'rita').map((vote) => ({ ...vote, amount: forbiddenAmount }) as Order),
        'LELU_EDIT_REFUSED',
      ),
  },
]
