import type { Counts, StoreCase } from '../case.ts'
import { approved, isRefusal, look, sleep, together, until } from '../moves.ts'
import type { Order, Reply } from '../protocol.ts'
import type { StoreStage } from '../stage.ts'

const leaseMs = 5000
const claimers = 10

/** Whoever asks last, over a connection that holds: what it is told is how the call has ended. */
async function ending(stage: StoreStage, id: string): Promise<Reply> {
  const desk = await stage.actor()
  return until(
    () => desk.order({ verb: 'resume', approval: id }),
    ({ code }) => code !== 'LELU_APPROVAL_EXECUTING',
  )
}

async function lostReplies(stage: StoreStage): Promise<Counts> {
  const proxy = await stage.proxy()
  const racers = await stage.pair({ port: proxy.port, leaseMs, deadlineMs: 6000 })
  const desk = await stage.actor()
  const counts: Counts = {
    rounds: stage.rounds(15, 500),
    claimers,
    lostReplies: 0,
    effects: 0,
    stuck: 0,
    unrecorded: 0,
  }
  for (let round = 0; round < (counts.rounds ?? 0); round += 1) {
    const { id } = await approved(desk, { run: stage.run() })
    const orders = Array.from({ length: claimers }, (): Order => ({ verb: 'resume', approval: id }))
    proxy.lose(0.1)
    const replies = await together(racers, orders)
    proxy.lose(0)
    for (const reply of replies) {
      const fine =
        reply.code === undefined || isRefusal(reply) || reply.code === 'LELU_STORE_UNAVAILABLE'
      if (!fine) stage.wrong(`${id}: somebody was told ${reply.code}: ${reply.message}`)
    }
    const last = await ending(stage, id)
    const effects = stage.effects(id)
    const { state } = await look(desk, id)
    if (effects > 1) stage.wrong(`${id}: ${effects} effects`)
    // A claim that nobody believes is theirs: the call is lost, and a person must look at it.
    if (effects === 0) {
      counts.stuck = (counts.stuck ?? 0) + 1
      stage.wrong(`${id}: nobody ran it, it is ${state} (${last.code ?? last.status})`)
    } else if (state !== 'completed') counts.unrecorded = (counts.unrecorded ?? 0) + 1
    counts.effects = (counts.effects ?? 0) + effects
    // A client that lost its connection makes a new one before the next round.
    await sleep(20)
  }
  counts.lostReplies = proxy.lost()
  // Without a single lost reply, nothing was shown.
  if (proxy.lost() === 0) stage.wrong('the proxy lost no reply')
  return counts
}

export const replyCases: readonly StoreCase[] = [
  {
    fault: 'lost replies',
    title: 'runs a call once when replies of the database are lost on their way',
    needs: ['network', 'processes'],
    play: lostReplies,
  },
]
