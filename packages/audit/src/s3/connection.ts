import type { S3Client } from '@aws-sdk/client-s3'
import { before, type Due, dueIn, late } from '../write/deadline.ts'
import { s3Error, sdkMissing } from './errors.ts'
import type { S3SinkOptions } from './options.ts'
import { serverClock } from './server-clock.ts'

export type Sdk = typeof import('@aws-sdk/client-s3')

/** What one operation works with. */
export type Call = {
  client: S3Client
  sdk: Sdk
  /** Aborts at the deadline: for `send`, and for whatever reads a body. */
  options: { abortSignal: AbortSignal }
  /** When the operation has to be done. */
  due: Due
  /** Reads the store's clock from the answers to a command. */
  clocked: ReturnType<typeof serverClock>['clocked']
}

export type Connection = {
  /** Does one operation within the deadline; errors are those of this package. */
  call<T>(what: string, work: (call: Call) => Promise<T>): Promise<T>
  /** The store's clock, epoch milliseconds; this host's where no answer has told it yet. */
  time(): number
  /** Whether an answer has told the time. */
  hasTime(): boolean
  close(): void
}

export function connectS3(name: string, options: S3SinkOptions): Connection {
  const { deadlineMs = 30_000, now = Date.now } = options
  const clock = serverClock(now)
  let opened: Promise<{ sdk: Sdk; client: S3Client }> | undefined

  async function open(): Promise<{ sdk: Sdk; client: S3Client }> {
    // Only those who use this sink have the SDK.
    const sdk = await import('@aws-sdk/client-s3').catch((error) => {
      throw sdkMissing(error)
    })
    return { sdk, client: options.client ?? new sdk.S3Client(configOf(options, deadlineMs)) }
  }

  return {
    async call(what, work) {
      const due = dueIn(deadlineMs)
      const abort = new AbortController()
      try {
        opened ??= open()
        const { sdk, client } = await opened
        const abortOptions = { abortSignal: abort.signal }
        const done = work({ sdk, client, options: abortOptions, due, clocked: clock.clocked })
        // A client that is passed in may have no timeout of its own, or only one that warns.
        return await before(due, done, late(deadlineMs, 'the store'))
      } catch (error) {
        throw s3Error(name, what, error)
      } finally {
        // Also what is still read: the SDK's timeouts end with the headers, and a body may stop half-way.
        abort.abort()
      }
    },
    time: clock.time,
    hasTime: clock.isKnown,
    close() {
      if (options.client === undefined) void opened?.then(({ client }) => client.destroy())
    },
  }
}

function configOf(options: S3SinkOptions, deadlineMs: number) {
  const { region, endpoint, credentials, forcePathStyle } = options
  return {
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials !== undefined && { credentials }),
    ...(forcePathStyle !== undefined && { forcePathStyle }),
    maxAttempts: 4,
    requestHandler: {
      connectionTimeout: Math.min(2_000, deadlineMs),
      // So that an answer which never comes leaves time to ask again.
      requestTimeout: Math.min(10_000, deadlineMs / 3),
      // Without it the SDK warns at that time, and waits for ever.
      throwOnRequestTimeout: true,
    },
  }
}
