import { setTimeout as sleep } from 'node:timers/promises'
import type { Delivery, ReviewDesk } from '@lelu/engine'
import type { CommandContext } from '../command-context.ts'
import { describeFailure } from '../fail.ts'
import type { Io } from '../io.ts'
import { withDesk } from '../open-desk.ts'
import { safeText, writeJson } from '../print.ts'
import { readTargets } from './read-targets.ts'

type DeliverOptions = { targets?: string; watch?: boolean }

function sentence({ sent, failed, undelivered, altered }: Delivery): string {
  const parts = [
    `${sent} sent`,
    ...(failed > 0 ? [`${failed} not taken`] : []),
    ...(undelivered > 0 ? [`${undelivered} laid aside (lelu notifications list)`] : []),
    ...(altered.length > 0 ? [`altered outside Lelu: ${altered.map(safeText).join(', ')}`] : []),
  ]
  return parts.join(', ')
}

/** `notifications deliver`. */
export async function deliver(
  context: CommandContext,
  { targets, watch = false }: DeliverOptions,
): Promise<void> {
  const { io, globals, setExitCode } = context
  const notify = await readTargets(io, targets)
  const print = (delivery: Delivery) => {
    if (globals().json) writeJson(io, delivery, 0)
    else io.write(`${sentence(delivery)}\n`)
  }
  const send = async (desk: ReviewDesk) => {
    if (watch) return watchOutboxes(desk, notify.everyMs ?? 1000, io, print)
    const delivery = await desk.notifications.deliver()
    print(delivery)
    if (delivery.failed > 0 || delivery.altered.length > 0) setExitCode(1)
  }
  await withDesk(context, send, { notify })
}

/**
 * Again and again until Ctrl-C, without waiting for what is on its way: a target that does not answer holds up no other. A
 * store that is away is told of once, and asked again.
 */
async function watchOutboxes(
  { notifications }: ReviewDesk,
  everyMs: number,
  { signal, writeError }: Io,
  print: (delivery: Delivery) => void,
): Promise<void> {
  let told = ''
  const tell = (delivery: Delivery) => {
    const news = JSON.stringify(delivery.altered)
    if (delivery.sent + delivery.failed > 0 || (news !== told && news !== '[]')) print(delivery)
    told = news
  }
  while (!signal.aborted) {
    let room: Promise<void> | undefined
    try {
      const begun = await notifications.begin()
      void begun.ended.then(tell)
      room = begun.room
    } catch (error) {
      const { code, message } = describeFailure(error)
      if (code !== 'LELU_STORE_UNAVAILABLE') throw error
      if (told !== code) writeError(`${code}: ${safeText(message)} Trying on.\n`)
      told = code
    }
    await pauseBetween(everyMs, room, signal)
  }
}

/** Until the time is over, or there is room for what found none. */
async function pauseBetween(
  ms: number,
  room: Promise<void> | undefined,
  signal: AbortSignal,
): Promise<void> {
  const over = new AbortController()
  const either = AbortSignal.any([signal, over.signal])
  const pause = sleep(ms, undefined, { signal: either }).catch(() => {})
  await Promise.race(room === undefined ? [pause] : [pause, room])
  over.abort()
}
