import { stat } from 'node:fs/promises'
import { closed, unavailable } from '../errors.ts'
import { diskFiles, type FileLayer } from '../folder/file-layer.ts'
import type { AuditEvent } from '../record/event.ts'
import type { AuditReceipt, SealedPeer } from '../record/record.ts'
import { assertEvent } from '../record/record-line.ts'
import { keyPublisher } from '../sign/publish-keys.ts'
import { openSigningKeys, type SigningKeys } from '../sign/signing-keys.ts'
import { createShipper, type Shipper } from '../sink/shipper.ts'
import type { SinkCheck } from '../sink/sink.ts'
import type { AppendOptions } from './append-options.ts'
import { inBackground, watchArchive } from './archive-peers.ts'
import type { AuditLog } from './audit-log.ts'
import { within } from './deadline.ts'
import type { LiveStream } from './live-stream.ts'
import {
  type AuditLogOptions,
  assertOptions,
  defaultDeadlines,
  defaultLimits,
  type LogLimits,
  weakenedBy,
} from './log-options.ts'
import { ownCheckpoint } from './own-checkpoint.ts'
import { watchPeers } from './peers.ts'
import { startPulse } from './pulse.ts'
import { createRoom, isDiskFull, type Room } from './room.ts'
import type { Sealed } from './sealer.ts'
import { createStreams } from './streams.ts'

/**
 * Opens a log. Nothing is made or recovered before the first record, so a process that only reads leaves no trace.
 * Throws `LELU_AUDIT_OPTIONS_INVALID`, `LELU_AUDIT_UNAVAILABLE` when the directory is a file, and `LELU_AUDIT_SINK_…` when
 * the archive is not what it should be.
 */
export async function openAuditLog(options: AuditLogOptions): Promise<AuditLog> {
  assertOptions(options)
  const found = await stat(options.directory).catch(() => undefined)
  if (found !== undefined && !found.isDirectory()) {
    const cause = Object.assign(new Error(`${options.directory} is not a folder`), {
      code: 'ENOTDIR',
    })
    throw unavailable('opening', cause)
  }
  return openWith(diskFiles, options, {}, await options.sink?.check())
}

/** As `openAuditLog`, over another file layer. */
export function openWith(
  files: FileLayer,
  options: AuditLogOptions,
  tuned: Partial<LogLimits> = {},
  check?: SinkCheck,
): AuditLog {
  const limits = { ...defaultLimits, ...tuned }
  const { directory, log = 'lelu', node, sink } = options
  const { deadlineMs = defaultDeadlines.deadlineMs } = options
  const {
    durability = 'fsync',
    keys: folder = `${directory}.keys`,
    remoteDeadlineMs = defaultDeadlines.remoteDeadlineMs,
  } = options
  const clock = options.now ?? Date.now
  const now = () => Number(clock())
  const publish = keyPublisher(files, directory)
  let opened: Promise<SigningKeys> | undefined
  let pulse: { stop(): Promise<void> } | undefined
  let reserving: NodeJS.Timeout | undefined
  let tending: NodeJS.Timeout | undefined
  let ended: Promise<void> | undefined

  /** With the first checkpoint, not with the first record: no decision waits for them. */
  async function keys(): Promise<SigningKeys> {
    const { postQuantum } = options
    opened ??= openSigningKeys({ folder, log, now, ...(postQuantum && { postQuantum }) })
    opened.catch(() => {
      opened = undefined
    })
    const held = await opened
    await held.reload()
    await publish(held)
    return held
  }

  const streams = createStreams({
    ...{ files, directory, log, node, now, deadlineMs, keys },
    ...limits,
    genesis: { durability, sink: check === undefined ? null : summary(check) },
    onBegun: begun,
    onFailed: (_, error) => {
      if (isDiskFull(error)) setImmediate(() => void room.filled(error).catch(() => {}))
    },
  })
  const room: Room = createRoom({
    files,
    directory,
    append: (record) => streams.append(record, { until: 'written' }),
    renew: streams.renew,
    limit: {
      bytes: options.backlog?.bytes ?? 4 * 1024 ** 3,
      ageMs: options.backlog?.ms ?? 24 * 3600_000,
    },
    retryMs: limits.retryMs,
    free: limits.free,
  })
  const shipper: Shipper | undefined =
    sink &&
    check &&
    createShipper({
      ...{ files, directory, log, sink, check },
      segmentBytes: limits.segmentBytes,
      everyMs: limits.shipMs,
      endedMs: limits.endedMs,
      keys: async () => (await keys()).publicFiles(),
      onConflict: (stream, error) => {
        if (stream === streams.stream) streams.renew(error)
      },
    })

  /** Streams of this folder, and those of other machines in the archive. */
  function peersOf(own: string): () => Promise<SealedPeer[]> {
    const check = ownCheckpoint(log, keys)
    const here = watchPeers(directory, own, check)
    const archive = sink && inBackground(watchArchive(sink, log, own, check), limits.endedMs)
    return async () => {
      const peers = await here()
      const known = new Set(peers.map(({ stream }) => stream))
      return [...peers, ...(archive?.() ?? []).filter(({ stream }) => !known.has(stream))]
    }
  }

  function begun(live: LiveStream): void {
    void pulse?.stop()
    shipper?.follow(live)
    if (ended !== undefined) return // closed while it began: it is ended right away
    pulse = startPulse({
      // By way of the streams, which leave one that others may have ended while this process stood still.
      append: async (record) => {
        if (streams.current !== live || live.failure !== undefined) return
        await streams.append(record, { until: 'written' })
      },
      peers: peersOf(live.stream),
      size: () => live.bytes,
      peersMs: limits.peersMs,
      heartbeatMs: limits.heartbeatMs,
    })
    tending ??= setInterval(() => void streams.tend(), limits.endedMs).unref()
    // Later: a process that makes one decision and ends needs none.
    reserving ??= setTimeout(() => {
      room.reserve().catch(() => {}) // without it the log only says less
    }, limits.reserveMs).unref()
  }

  /**
   * Answers as `durability` says. Not an async function, which would keep the event of each caller that waits: what is
   * alive is what a garbage collection has to copy.
   */
  function append(event: AuditEvent, appendOptions: AppendOptions): Promise<AuditReceipt> {
    if (ended !== undefined) return Promise.reject(closed())
    try {
      assertEvent(event)
      room.assert(sink && shipper && { sink: sink.name, now: shipper.backlog })
    } catch (error) {
      return Promise.reject(error)
    }
    if (durability === 'async') return streams.append(event, { ...appendOptions, until: 'written' })
    const appended = streams.append(event, appendOptions)
    if (durability !== 'remote' || appendOptions.until === 'written') return appended
    return appended.then(archived)
  }

  async function archived(receipt: AuditReceipt): Promise<AuditReceipt> {
    if (shipper === undefined) return receipt
    const { held, forget } = shipper.holds(receipt)
    try {
      await within(remoteDeadlineMs, held, 'the archive')
      return receipt
    } catch (error) {
      throw unavailable('shipping', error)
    } finally {
      forget()
    }
  }

  async function seal(): Promise<Sealed | undefined> {
    await streams.flush()
    return streams.current?.seal()
  }

  async function end(): Promise<void> {
    clearTimeout(reserving)
    clearInterval(tending)
    room.close()
    await within(deadlineMs, pulse?.stop()).catch(() => {})
    const inOrder = (await streams.end()) !== undefined
    // What is left then, the next process ships.
    await within(limits.closeMs, shipper?.drain(), 'the archive').catch(() => {})
    await within(deadlineMs, shipper?.close(inOrder), 'the archive').catch(() => {})
  }

  return {
    log,
    directory,
    weakened: weakenedBy(options),
    get stream() {
      return streams.stream
    },
    get state() {
      if (ended !== undefined) return 'closed'
      return streams.failed || room.full ? 'failed' : 'open'
    },
    get sealed() {
      return streams.current?.sealed
    },
    get archive() {
      if (sink === undefined || shipper === undefined) return undefined
      return { sink: sink.name, ...shipper.backlog, failure: shipper.failure }
    },
    append: (event, appendOptions = {}) => append(event, appendOptions),
    flush: streams.flush,
    seal,
    async ship() {
      await seal()
      return (await shipper?.drain()) ?? true
    },
    close() {
      ended ??= end()
      return ended
    },
  }
}

const summary = ({ sink, immutable, mode, days, checked }: SinkCheck) => ({
  ...{ sink, immutable, mode, days, checked },
})
