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
  const { directory, json } = globals()
  const notify = await readTargets(io, targets)
  const print = (delivery: Delivery) => {
    if (json) writeJson(io, delivery, 0)
    else io.write(`${sentence(delivery)}\n`)
  }
  await withDesk({ directory, notify, env: io.env }, async (desk) => {
    if (watch) return watchOutboxes(desk, notify.everyMs ?? 1000, io, print)
    const delivery = await desk.notifications.deliver()
    print(delivery)
    if (delivery.failed > 0 || delivery.altered.length > 0) setExitCode(1)
  })
}

/** Again and again until Ctrl-C. A store that is away is told of once, and asked again. */
async function watchOutboxes(
  { notifications }: ReviewDesk,
  everyMs: number,
  { signal, writeError }: Io,
  print: (delivery: Delivery) => void,
): Promise<void> {
  let told = ''
  while (!signal.aborted) {
    try {
      const delivery = await notifications.deliver()
      const news = JSON.stringify(delivery.altered)
      if (delivery.sent + delivery.failed > 0 || (news !== told && news !== '[]')) print(delivery)
      told = news
    } catch (error) {
      const { code, message } = describeFailure(error)
      if (code !== 'LELU_STORE_UNAVAILABLE') throw error
      if (told !== code) writeError(`${code}: ${safeText(message)} Trying on.\n`)
      told = code
    }
    await sleep(everyMs, undefined, { signal }).catch(() => {})
  }
}
