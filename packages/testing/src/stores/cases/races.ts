import type { Counts, StoreCase } from '../case.ts'
import { approvalOf, approved, look, noteUnexpected, together } from '../moves.ts'
import type { Order } from '../protocol.ts'
import type { StoreStage } from '../stage.ts'

const repeat = (count: number, order: Order): Order[] => Array.from({ length: count }, () => order)

/** The driver alone: an engine has further guards around its claim, and what they hide must not be. */
async function swapRace(stage: StoreStage): Promise<Counts> {
  const racers = await stage.pair()
  const each = 25
  const counts = { rounds: stage.rounds(15, 1000), swaps: 2 * each, winners: 0, lost: 0 }
  for (let round = 0; round < counts.rounds; round += 1) {
    const row = { row: `row-of-${stage.run()}`, rev: 1, count: each }
    await racers[0].order({ verb: 'make', ...row, by: 'maker' })
    const replies = await together(racers, [
      { verb: 'swap', ...row, by: 'first' },
      { verb: 'swap', ...row, by: 'second' },
    ])
    noteUnexpected(stage, row.row, replies)
    const winners = replies.flatMap(({ swapped }) => swapped?.done ?? [])
    const stored = new Set(replies.map(({ swapped }) => swapped?.stored))
    if (winners.length !== 1) stage.wrong(`${row.row}: ${winners.length} winners`)
    else if (stored.size !== 1 || !stored.has(`2 ${winners[0]}`)) {
      counts.lost += 1
      stage.wrong(`${row.row}: ${winners[0]} won, and there is ${[...stored].join(' and ')}`)
    }
    counts.winners += winners.length
  }
  return counts
}

async function claimRace(stage: StoreStage): Promise<Counts> {
  const racers = await stage.pair()
  const counts = { rounds: stage.rounds(4, 1000), claimers: 50, winners: 0, effects: 0, stuck: 0 }
  for (let round = 0; round < counts.rounds; round += 1) {
    const { id } = await approved(racers[0], { run: stage.run() })
    const orders = repeat(counts.claimers, { verb: 'resume', approval: id })
    const replies = await together(racers, orders)
    noteUnexpected(stage, `round ${round}`, replies)
    const winners = replies.filter(({ status }) => status === 'executed').length
    const effects = stage.effects(id)
    const { state } = await look(racers[1], id)
    if (winners !== 1 || effects !== 1 || state !== 'completed')
      stage.wrong(`round ${round}: ${winners} winners, ${effects} effects, ${state}`)
    counts.winners += winners
    counts.effects += effects
    if (state !== 'completed') counts.stuck += 1
  }
  return counts
}

async function suspendRace(stage: StoreStage): Promise<Counts> {
  const racers = await stage.pair()
  const counts = { rounds: stage.rounds(15, 500), records: 0, conflicts: 0 }
  for (let round = 0; round < counts.rounds; round += 1) {
    const run = stage.run()
    const replies = await together(racers, repeat(8, { verb: 'suspend', run }))
    const ids = new Set(replies.map((reply) => approvalOf(reply).id))
    if (ids.size !== 1) stage.wrong(`${run}: ${ids.size} approvals for one call`)
    counts.records += ids.size
    const others = await together(racers, repeat(2, { verb: 'suspend', run, amount: 2 }))
    for (const { code } of others) {
      if (code === 'LELU_APPROVAL_CONFLICT') counts.conflicts += 1
      else stage.wrong(`${run}: another input was told ${code ?? 'yes'}`)
    }
  }
  return counts
}

export const raceCases: readonly StoreCase[] = [
  {
    fault: 'swap race',
    title: 'gives one of many swaps of a revision the win, and stores that one',
    play: swapRace,
  },
  {
    fault: 'claim race',
    title: 'gives an approved call that many resume at once exactly one effect',
    play: claimRace,
  },
  {
    fault: 'suspend race',
    title:
      'makes one approval of a call that is suspended many times at once, and refuses another input for it',
    play: suspendRace,
  },
]
