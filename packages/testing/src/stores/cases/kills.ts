import type { ToolEffect } from '@lelu/engine'
import type { Counts, StoreCase } from '../case.ts'
import { approved, inLanes, look, suspend, until } from '../moves.ts'
import type { HaltPoint, Reply } from '../protocol.ts'
import type { StoreStage } from '../stage.ts'

/** Short, so that a lost attempt is soon seen as one; long enough for an attempt that is not lost. */
const leaseMs = 500

/** How the next process must find a call, and how often its tool has run in the end. */
type Ending = { told: string; effects: number }

const ran: Ending = { told: 'executed', effects: 1 }
const twice: Ending = { told: 'executed', effects: 2 }
const kept: Ending = { told: 'replayed', effects: 1 }
const lost = (effects: number): Ending => ({ told: 'LELU_APPROVAL_UNKNOWN', effects })

/** For a tool that must not run twice, and for one that may. */
const endings: { [point in HaltPoint]?: { once: Ending; again: Ending } } = {
  'before-claim': { once: ran, again: ran },
  'after-claim': { once: lost(0), again: ran },
  'before-effect': { once: lost(0), again: ran },
  'after-effect': { once: lost(1), again: twice },
  'after-record': { once: kept, again: kept },
}

const effects: readonly ToolEffect[] = ['read', 'idempotent', 'non_idempotent']

type Cell = { effect: ToolEffect; at: HaltPoint; ending: Ending }

const cells: readonly Cell[] = effects.flatMap((effect) =>
  Object.entries(endings).map(([at, { once, again }]) => ({
    effect,
    at: at as HaltPoint,
    ending: effect === 'non_idempotent' ? once : again,
  })),
)

const toldBy = ({ code, status }: Reply): string => code ?? status ?? 'nothing'

async function killResuming(stage: StoreStage): Promise<Counts> {
  const desk = await stage.actor({ leaseMs })
  const runs = stage.rounds(1, 40)
  const counts: Counts = { kills: 0, effects: 0, unknown: 0, doubleEffects: 0, stuck: 0 }
  const add = (name: string, more = 1) => {
    counts[name] = (counts[name] ?? 0) + more
  }
  await inLanes(
    Array.from({ length: runs }, () => cells).flat(),
    async ({ effect, at, ending }) => {
      const place = `${effect}, ${at}`
      const { id } = await approved(desk, { run: stage.run(), effect })
      const victim = await stage.fresh({ leaseMs })
      const order = { verb: 'resume', approval: id } as const
      const killed = await victim.order({ ...order, halt: { at, signal: 'SIGKILL' } })
      if (killed.code !== 'KILLED') stage.wrong(`${place}: it lived: ${toldBy(killed)}`)
      const next = await until(
        () => desk.order(order),
        ({ code }) => code !== 'LELU_APPROVAL_EXECUTING',
      )
      const ranTimes = stage.effects(id)
      if (toldBy(next) !== ending.told || ranTimes !== ending.effects)
        stage.wrong(`${place}: ${toldBy(next)} with ${ranTimes} effects`)
      add('kills')
      add('effects', ranTimes)
      if (next.code === 'LELU_APPROVAL_UNKNOWN') add('unknown')
      if (next.code === 'LELU_APPROVAL_EXECUTING') add('stuck')
      if (effect === 'non_idempotent' && ranTimes > 1) add('doubleEffects')
    },
  )
  return counts
}

/** Stops a process past its lease and lets it go on once another has settled the call. */
async function stopPastLease(stage: StoreStage): Promise<Counts> {
  const desk = await stage.actor({ leaseMs })
  const counts: Counts = { stops: 0, secondEffects: 0, staleRecords: 0 }
  const points = cells.filter(({ effect, at }) => {
    return effect !== 'read' && (at === 'before-effect' || at === 'after-effect')
  })
  const rounds = Array.from({ length: stage.rounds(1, 10) }, () => points).flat()
  await inLanes(rounds, async ({ effect, at }) => {
    const place = `${effect}, ${at}`
    const { id } = await approved(desk, { run: stage.run(), effect })
    const sleeper = await stage.fresh({ leaseMs })
    const order = { verb: 'resume', approval: id } as const
    const slept = sleeper.order({ ...order, halt: { at, signal: 'SIGSTOP' } })
    await sleeper.halted()
    await until(
      () => desk.order(order),
      ({ code }) => code !== 'LELU_APPROVAL_EXECUTING',
    )
    const settled = await look(desk, id)
    sleeper.signal('SIGCONT')
    const { unrecorded } = await slept
    const after = await look(desk, id)
    const ranTimes = stage.effects(id)
    counts.stops = (counts.stops ?? 0) + 1
    // A tool that may not run twice waits for a person, and is not run by whoever comes next.
    const [state, most] = effect === 'non_idempotent' ? ['unknown', 1] : ['completed', 2]
    if (settled.state !== state) stage.wrong(`${place}: it is ${settled.state}`)
    if (ranTimes > Number(most)) {
      counts.secondEffects = (counts.secondEffects ?? 0) + 1
      stage.wrong(`${place}: ${ranTimes} effects`)
    }
    if (JSON.stringify(after) !== JSON.stringify(settled)) {
      counts.staleRecords = (counts.staleRecords ?? 0) + 1
      stage.wrong(`${place}: the stale attempt was recorded, it is ${after.state}`)
    }
    if (unrecorded !== 1) stage.wrong(`${place}: the stale attempt was not told of it`)
    await sleeper.close()
  })
  return counts
}

/** Between a write and its event in the log: whoever reads the approval next writes it. */
async function killBeforeLog(stage: StoreStage): Promise<Counts> {
  const folder = 'shared-log'
  // With a lease that outlives the look: that it is over would be an event as well.
  const heir = await stage.fresh({ folder })
  const counts: Counts = { kills: 0, events: 0, missing: 0, repeated: 0 }
  const points = ['after-suspension', 'after-approval', 'after-claim', 'after-record'] as const
  const rounds = Array.from({ length: stage.rounds(1, 40) }, () => points).flat()
  await inLanes(rounds, async (at) => {
    const run = stage.run()
    const victim = await stage.fresh({ folder })
    const halt = { at, signal: 'SIGKILL' } as const
    if (at === 'after-suspension') await victim.order({ verb: 'suspend', run, halt })
    const { id } = await suspend(heir, { run })
    const vote = { verb: 'review', approval: id, reviewer: 'rita', verdict: 'approve' } as const
    if (at === 'after-approval') await victim.order({ ...vote, halt })
    if (at === 'after-claim' || at === 'after-record') {
      await heir.order(vote)
      await victim.order({ verb: 'resume', approval: id, halt })
    }
    if (victim.alive()) stage.wrong(`${at}: it lived`)
    // Of the revision that was written, and nothing said so yet.
    const before = stage.events(folder, id)
    await look(heir, id)
    await look(heir, id)
    const after = stage.events(folder, id)
    const newest = Math.max(0, ...after)
    const missing = newest - new Set(after).size
    const times = after.filter((event) => event === newest).length
    if (missing > 0) stage.wrong(`${at}: ${missing} events are not in the log`)
    if (times !== 1) stage.wrong(`${at}: the event of the kill is in the log ${times} times`)
    // A claim brings two: the mint of its token and the redeem.
    const brought = at === 'after-claim' ? 2 : 1
    if (at !== 'after-suspension' && newest !== Math.max(0, ...before) + brought)
      stage.wrong(`${at}: the log had ${before.join()} and has ${after.join()}`)
    // Of events before it: whoever reads soon after a write may log it again, under the same number.
    const repeated = after.length - new Set(after).size
    counts.kills = (counts.kills ?? 0) + 1
    counts.events = (counts.events ?? 0) + after.length
    counts.missing = (counts.missing ?? 0) + missing
    counts.repeated = (counts.repeated ?? 0) + repeated
  })
  await heir.close()
  return counts
}

export const killCases: readonly StoreCase[] = [
  {
    fault: 'killed while resuming',
    title: 'runs a tool that must not run twice at most once, wherever its process is killed',
    needs: ['processes'],
    play: killResuming,
  },
  {
    fault: 'stopped past its lease',
    title: 'does not let a process that stood still past its lease record anything',
    needs: ['processes'],
    play: stopPastLease,
  },
  {
    fault: 'killed before the log',
    title: 'has every event in the log once, though its process was killed before it wrote it',
    needs: ['processes'],
    play: killBeforeLog,
  },
]
