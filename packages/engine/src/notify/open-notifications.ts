import type { Records } from '../approvals/records.ts'
import type { ApprovalStore } from '../store/store.ts'
import type { KeyHolder } from '../tokens/key-holder.ts'
import { createNotifications, type Notifications } from './notifications.ts'
import { createNotifier } from './notifier.ts'
import { type NotifyLoop, notifyLoop } from './notify-loop.ts'
import type { NotifyOptions } from './notify-options.ts'
import { undeliveredList } from './undelivered.ts'

type Options = {
  records: Records
  store: ApprovalStore
  keys: KeyHolder
  deadlineMs: number
  now: () => number
  notify?: NotifyOptions
}

export type NotificationsPart = {
  notifications: Notifications
  /** Delivers from now on by itself, if there are targets. */
  start(): void
  close(): Promise<void>
}

const againMs = 10 * 60_000

/** Tells whoever runs the host, and repeats itself every ten minutes at most: an outage fails once a second. */
function warner(): (message: string, code: string) => void {
  const told = new Map<string, number>()
  return (message, code) => {
    const at = performance.now()
    if (at - (told.get(message) ?? Number.NEGATIVE_INFINITY) < againMs) return
    if (told.size >= 1000) told.clear()
    told.set(message, at)
    process.emitWarning(message, { code })
  }
}

/** The parts of the notifications of a store. Without targets they list, retry and discard, and deliver nothing. */
export function openNotifications({ notify, ...parts }: Options): NotificationsPart {
  const { records, now } = parts
  const undelivered = undeliveredList(parts)
  const base = { records, undelivered, now }
  if (notify === undefined) {
    return { notifications: createNotifications(base), start() {}, async close() {} }
  }
  const warn = warner()
  const notifier = createNotifier({ ...notify, ...base, warn })
  const loop: NotifyLoop = notifyLoop(
    async (signal, began) => {
      const look = await notifier(signal, began)
      const [first, ...more] = look.altered
      if (first !== undefined) {
        const which = more.length === 0 ? first : `${first} and ${more.length} more`
        const message = `Altered in the store: ${which}. Notifications of it are not sent.`
        warn(message, 'LELU_APPROVAL_ALTERED')
      }
      return look
    },
    (error) => warn(`Notifications wait: ${String(error)}`, 'LELU_NOTIFICATION_FAILED'),
  )
  records.noticed.addEventListener('notice', loop.nudge)
  return {
    notifications: createNotifications({ ...base, loop }),
    start: () => loop.start(notify.everyMs ?? 1000),
    close: () => loop.close(),
  }
}
