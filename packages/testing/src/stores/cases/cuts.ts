import { defaultStoreDeadlineMs } from '@lelu/engine'
import type { Actor } from '../actor.ts'
import type { Counts, StoreCase } from '../case.ts'
import { approvalOf, gatherMs, isRefusal, look, sleep, together, until } from '../moves.ts'
import type { Order, Reply } from '../protocol.ts'
import type { StoreStage } from '../stage.ts'

const leaseMs = 1500
const claimers = 10
/** How long after the cut it may take to be told no; a test beside many others may be late. */
const denialMs = { full: 2000, quick: 2500 }

const away = (stage: StoreStage, deadlineMs: number): Promise<Actor> =>
  stage.fresh({ host: 'away', leaseMs, deadlineMs })

function add(counts: Counts, name: string, more = 1): void {
  counts[name] = (counts[name] ?? 0) + more
}

/** Asked again where it must be: connections that a cut has ended are open to the server until it hears of it. */
async function approvedOn(stage: StoreStage, desk: Actor): Promise<string> {
  const answers = ({ code }: Reply) => code === undefined
  const run = stage.run()
  const { id } = approvalOf(await until(() => desk.order({ verb: 'suspend', run }), answers))
  approvalOf(
    await until(
      () => desk.order({ verb: 'review', approval: id, reviewer: 'rita', verdict: 'approve' }),
      answers,
    ),
  )
  return id
}

/**
 * What comes of a call once the network is whole: it is resumed, and where nobody knows whether it ran, a person looks
 * and says so. In the end it has run once.
 */
async function settle(stage: StoreStage, counts: Counts, worker: Actor, id: string): Promise<void> {
  const order: Order = { verb: 'resume', approval: id }
  const ended = () =>
    until(
      () => worker.order(order),
      ({ code }) => code !== 'LELU_APPROVAL_EXECUTING' && code !== 'LELU_STORE_UNAVAILABLE',
    )
  const { code } = await ended()
  if (stage.effects(id) > 1) stage.wrong(`${id}: ${stage.effects(id)} effects`)
  if (code === 'LELU_APPROVAL_UNKNOWN') {
    add(counts, 'forAPerson')
    const as = stage.effects(id) === 0 ? 'retry' : 'completed'
    await worker.order({ verb: 'reconcile', approval: id, reviewer: 'rita', as })
    await ended()
  }
  const effects = stage.effects(id)
  const { state } = await look(worker, id)
  add(counts, 'effects', effects)
  if (effects === 1 && state === 'completed') return
  add(counts, 'stuck')
  stage.wrong(`${id}: ${effects} effects in the end, and it is ${state} (${code})`)
}

function judge(stage: StoreStage, counts: Counts, reply: Reply, cutAfterMs: number): void {
  const { code, message, status } = reply
  const ms = Math.round(reply.ms - cutAfterMs)
  if (status === 'executed') add(counts, 'executed')
  else if (code === 'LELU_STORE_UNAVAILABLE') {
    add(counts, 'denied')
    counts.slowestMs = Math.max(counts.slowestMs ?? 0, ms)
    if (ms > (stage.full ? denialMs.full : denialMs.quick))
      stage.wrong(`somebody waited ${ms} ms to be told no`)
  } else if (status !== 'replayed' && !isRefusal(reply)) {
    stage.wrong(`somebody was told ${code ?? status}: ${message}`)
  }
}

async function cutDuringClaims(stage: StoreStage): Promise<Counts> {
  const hosts = await stage.hosts()
  const deadlineMs = stage.full ? defaultStoreDeadlineMs : 500
  const desk = await stage.fresh({ host: 'database', leaseMs })
  const racers = await Promise.all([away(stage, deadlineMs), away(stage, deadlineMs)])
  const counts: Counts = { cuts: stage.rounds(20, 200), claimers, executed: 0, denied: 0 }
  Object.assign(counts, { slowestMs: 0, forAPerson: 0, effects: 0, stuck: 0 })
  const ids: string[] = []
  async function claim(): Promise<[Promise<Reply[]>]> {
    const id = await approvedOn(stage, desk)
    ids.push(id)
    const orders = Array.from({ length: claimers }, (): Order => ({ verb: 'resume', approval: id }))
    // In an array, for a promise of a promise would wait for both.
    return [together(racers, orders)]
  }
  // How long it takes on this machine, the second time: a cut is to come somewhere in it.
  await (await claim())[0]
  const [usual] = await claim()
  const usualMs = Math.max(...(await usual).map(({ ms }) => ms))
  for (let round = 0; round < (counts.cuts ?? 0); round += 1) {
    const [claims] = await claim()
    const cutAfterMs = stage.random() * usualMs
    await sleep(gatherMs + cutAfterMs)
    hosts.cut(round % 2 === 0 ? 'cable' : 'silence')
    try {
      for (const reply of await claims) judge(stage, counts, reply, cutAfterMs)
    } finally {
      hosts.heal()
    }
    for (const racer of racers) {
      if (!racer.alive()) stage.wrong('a process died with the network')
      await until(
        () => racer.order({ verb: 'get', approval: ids[0] ?? '' }),
        ({ code }) => code === undefined,
      )
    }
  }
  for (const id of ids) await settle(stage, counts, racers[0] as Actor, id)
  // Without somebody who ran it and somebody who was cut off, nothing was shown.
  if (counts.executed === 0 || counts.denied === 0)
    stage.wrong('no cut was in the middle of claims')
  await Promise.all([desk, ...racers].map((actor) => actor.close()))
  return counts
}

/** Until half of its deadline a write waits for its reply; then it is read back. */
const readsBackAfter = (deadlineMs: number) => deadlineMs / 2 + 100

/** A claim arrives and is done; its reply does not come. In time to read it back, or only after the answer was no. */
async function unheardClaim(stage: StoreStage, counts: Counts, inTime: boolean): Promise<void> {
  const hosts = await stage.hosts()
  const desk = await stage.actor({ host: 'database', leaseMs })
  const deadlineMs = inTime ? 4000 : 1000
  const workers = await Promise.all([away(stage, deadlineMs), away(stage, deadlineMs)])
  const claims: { id: string; worker: Actor; reply: Promise<Reply> }[] = []
  for (const worker of workers) {
    const id = await approvedOn(stage, desk)
    const halt = { at: 'before-claim', signal: 'SIGSTOP' } as const
    claims.push({ id, worker, reply: worker.order({ verb: 'resume', approval: id, halt }) })
    await worker.halted()
  }
  hosts.cut('replies')
  try {
    for (const { worker } of claims) worker.signal('SIGCONT')
    const until = sleep(readsBackAfter(deadlineMs))
    for (const { id } of claims) if (await isDone(desk, id)) add(counts, 'arrived')
    await until
    if (!inTime) await Promise.all(claims.map(({ reply }) => reply))
  } finally {
    hosts.heal()
  }
  for (const { id, worker, reply } of claims) {
    const { status, code } = await reply
    const effects = stage.effects(id)
    add(counts, 'claims')
    if (status === 'executed' && inTime) add(counts, 'readBack')
    else if (code === 'LELU_STORE_UNAVAILABLE') add(counts, 'denied')
    else stage.wrong(`${id}: it was told ${code ?? status}`)
    if (effects !== (status === 'executed' ? 1 : 0))
      stage.wrong(`${id}: ${effects} effects, and it was told ${code ?? status}`)
    if (!worker.alive()) stage.wrong('a process died with the network')
    await settle(stage, counts, worker, id)
  }
  await Promise.all(workers.map((worker) => worker.close()))

  /** Not every claim arrives: whoever must open a connection for it cannot. */
  async function isDone(asked: Actor, id: string): Promise<boolean> {
    const { approval } = await until(
      () => asked.order({ verb: 'get', approval: id }),
      (reply) => reply.approval?.state === 'executing',
      deadlineMs,
    )
    return approval?.state === 'executing'
  }
}

async function repliesCut(stage: StoreStage): Promise<Counts> {
  const counts: Counts = { claims: 0, arrived: 0, readBack: 0, denied: 0 }
  Object.assign(counts, { forAPerson: 0, effects: 0, stuck: 0 })
  const rounds = stage.rounds(2, 40)
  // Whether a claim finds a connection that is open is chance: where none of the few did, more are made.
  const isShown = (round: number) => round >= rounds && ((counts.readBack ?? 0) > 0 || round >= 12)
  for (let round = 0; !isShown(round); round += 1)
    await unheardClaim(stage, counts, round % 2 === 0)
  if (counts.readBack === 0) stage.wrong('no claim was read back')
  return counts
}

export const cutCases: readonly StoreCase[] = [
  {
    fault: 'network cut',
    title: 'runs a call once when the network between two hosts is cut in the middle of claims',
    needs: ['hosts', 'processes'],
    play: cutDuringClaims,
  },
  {
    fault: 'replies cut',
    title: 'runs a call at most once when claims reach the other host and replies do not',
    needs: ['hosts', 'processes'],
    play: repliesCut,
  },
]
