import { defaultStoreDeadlineMs } from '@lelu/engine'
import type { Actor } from '../actor.ts'
import type { Counts, StoreCase } from '../case.ts'
import { approved, sleep, suspend, until } from '../moves.ts'
import type { Order, Reply } from '../protocol.ts'
import type { LossyProxy } from '../proxy.ts'
import type { StoreStage } from '../stage.ts'

/** How the store goes away, and how it comes back. */
type Outage = {
  begin(stage: StoreStage, proxy: LossyProxy): Promise<void>
  end(stage: StoreStage, proxy: LossyProxy): Promise<void>
}

const outages: Record<string, Outage> = {
  killed: {
    begin: ({ server }) => server.kill(),
    end: ({ server }) => server.restart(),
  },
  paused: {
    begin: async ({ server }) => server.pause(),
    end: async ({ server }) => server.resume(),
  },
  unreachable: {
    begin: (_stage, proxy) => proxy.become('closed'),
    end: (_stage, proxy) => proxy.become('forward'),
  },
  'behind a black hole': {
    begin: (_stage, proxy) => proxy.become('black-hole'),
    end: (_stage, proxy) => proxy.become('forward'),
  },
}

/** Every way to a tool, and the check of revocations. */
async function ordersOf(stage: StoreStage, desk: Actor): Promise<Record<string, Order>> {
  const waiting = await suspend(desk, { run: stage.run() })
  const ready = await approved(desk, { run: stage.run() })
  const { token = '' } = await desk.order({ verb: 'mint', approval: ready.id })
  const next = await approved(desk, { run: stage.run() })
  return {
    suspend: { verb: 'suspend', run: stage.run() },
    find: { verb: 'find', run: waiting.request.run ?? '' },
    'check of revocations': { verb: 'introspect', token },
    redeem: { verb: 'resume', approval: next.id },
    review: { verb: 'review', approval: waiting.id, reviewer: 'rita', verdict: 'approve' },
    list: { verb: 'list', tenant: 'default', limit: 5 },
  }
}

const connected = (actor: Actor): Promise<Reply> =>
  until(
    () => actor.order({ verb: 'list', tenant: 'default', limit: 1 }),
    ({ code }) => code === undefined,
  )

const deadlineMs = 500
/** The deadline, and what a machine that is busy with other tests may add to it: an answer that takes longer is a hang. */
const hangMs = deadlineMs + 4500

async function outage(stage: StoreStage, name: string): Promise<Counts> {
  const { begin, end } = outages[name] as Outage
  const proxy = await stage.proxy()
  const worker = await stage.fresh({ port: proxy.port, deadlineMs })
  // By a process with more time: what is prepared shall not fail because the machine is busy.
  const desk = await stage.actor()
  // A client that has lost its server in the case before takes a while to come back; the worker's shall be open.
  await Promise.all([desk, worker].map(connected))
  const orders = await ordersOf(stage, desk)
  const counts = { asked: 0, denied: 0, failedOpen: 0, slowestMs: 0, recovered: 0 }
  await begin(stage, proxy)
  try {
    // One by one, then all at once, which finds a client that queues what it cannot send.
    const alone: [string, Reply][] = []
    for (const [verb, order] of Object.entries(orders))
      alone.push([verb, await worker.order(order)])
    const crowd = await Promise.all(
      Object.entries(orders).map(async ([verb, order]): Promise<[string, Reply]> => {
        return [verb, await worker.order(order)]
      }),
    )
    for (const [verb, { code, message, ms }] of [...alone, ...crowd]) {
      counts.asked += 1
      counts.slowestMs = Math.max(counts.slowestMs, ms)
      if (code === 'LELU_STORE_UNAVAILABLE') counts.denied += 1
      else stage.wrong(`${verb} was told ${code ?? 'yes'}: ${message ?? ''}`)
      if (code === undefined) counts.failedOpen += 1
      if (ms > hangMs) stage.wrong(`${verb} hung for ${ms} ms`)
    }
    if (!worker.alive()) stage.wrong('the process died with the store')
  } finally {
    await end(stage, proxy)
  }
  for (const [verb, order] of Object.entries(orders)) {
    const reply = await until(
      () => worker.order(order),
      ({ code }) => code === undefined,
    )
    if (reply.code === undefined) counts.recovered += 1
    else stage.wrong(`${verb} after the outage was told ${reply.code}: ${reply.message}`)
  }
  const redeemed = orders.redeem as Order & { approval: string }
  const effects = stage.effects(redeemed.approval)
  if (effects !== 1) stage.wrong(`${effects} effects of a call that was redeemed after the outage`)
  await worker.close()
  return counts
}

async function hiddenRevocations(stage: StoreStage): Promise<Counts> {
  const worker = await stage.fresh()
  const counts = { asked: 0, denied: 0, effects: 0 }
  const { id } = await approved(worker, { run: stage.run() })
  const { token = '' } = await worker.order({ verb: 'mint', approval: id })
  const orders: Order[] = [
    { verb: 'introspect', token },
    { verb: 'resume', approval: id },
  ]
  for (const order of orders) {
    const { code, status } = await worker.order({ ...order, hidesRevocations: true })
    counts.asked += 1
    if (code === 'LELU_STORE_UNAVAILABLE') counts.denied += 1
    else stage.wrong(`${order.verb} was told ${code ?? status ?? 'yes'}`)
  }
  counts.effects = stage.effects(id)
  if (counts.effects > 0) stage.wrong(`it ran ${counts.effects} times`)
  const { status, code } = await worker.order({ verb: 'resume', approval: id })
  if (status !== 'executed') stage.wrong(`once they can be read it was told ${code ?? status}`)
  await worker.close()
  return counts
}

/** Writes until it is stopped or cannot any more, and notes what was acknowledged to it. */
async function writeOn(
  stage: StoreStage,
  desk: Actor,
  acknowledged: string[],
  isOver: () => boolean,
): Promise<void> {
  async function lane(): Promise<void> {
    while (!isOver()) {
      const { approval } = await desk.order({ verb: 'suspend', run: stage.run() })
      if (approval === undefined) return
      acknowledged.push(approval.id)
      const review = { verb: 'review', reviewer: 'rita', verdict: 'approve' } as const
      const { code } = await desk.order({ ...review, approval: approval.id })
      if (code !== undefined) return
      acknowledged.push(`${approval.id} approved`)
    }
  }
  await Promise.all(Array.from({ length: 6 }, lane))
}

async function killedWhileWriting(
  stage: StoreStage,
  kill: (writer: Actor) => Promise<void>,
  revive: () => Promise<void>,
): Promise<Counts> {
  const counts = { kills: stage.rounds(1, 10), acknowledged: 0, lost: 0 }
  for (let round = 0; round < counts.kills; round += 1) {
    const writer = await stage.fresh({ deadlineMs: defaultStoreDeadlineMs })
    let over = false
    const acknowledged: string[] = []
    const writing = writeOn(stage, writer, acknowledged, () => over).finally(() => {
      over = true
    })
    await sleep(300 + stage.random() * 200)
    // On a busy machine the first answer may take longer.
    while (acknowledged.length === 0 && !over) await sleep(20)
    await kill(writer)
    over = true
    await writing
    await revive()
    counts.acknowledged += acknowledged.length
    const desk = await stage.actor()
    for (const one of acknowledged) {
      const [approval = '', state = 'pending'] = one.split(' ')
      const reply: Reply = await until(
        () => desk.order({ verb: 'get', approval }),
        ({ code }) => code === undefined || code === 'LELU_APPROVAL_NOT_FOUND',
      )
      const kept = state === 'pending' || reply.approval?.state === state
      if (reply.approval !== undefined && kept) continue
      counts.lost += 1
      stage.wrong(`${one} was acknowledged, and is ${reply.approval?.state ?? reply.code}`)
    }
    if (acknowledged.length === 0) stage.wrong('nothing was written before the kill')
    await writer.close()
  }
  return counts
}

export const outageCases: readonly StoreCase[] = [
  ...Object.keys(outages).map((name): StoreCase => {
    return {
      fault: `store ${name}`,
      title: `denies in time while the database is ${name}, and works again after it`,
      needs: ['network', 'processes'],
      play: (stage) => outage(stage, name),
    }
  }),
  {
    fault: 'revocations hidden',
    title: 'runs nothing while revocations cannot be read, though everything else can',
    needs: ['processes'],
    play: hiddenRevocations,
  },
  {
    fault: 'writer killed',
    title: 'loses nothing it has answered when a process that writes is killed',
    needs: ['processes'],
    play: (stage) =>
      killedWhileWriting(
        stage,
        async (writer) => writer.signal('SIGKILL'),
        async () => {},
      ),
  },
  {
    fault: 'database killed',
    title: 'loses nothing it has answered when the database is killed and started again',
    needs: ['network', 'processes'],
    play: (stage) =>
      killedWhileWriting(
        stage,
        () => stage.server.kill(),
        () => stage.server.restart(),
      ),
  },
]
