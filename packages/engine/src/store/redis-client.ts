import { LeluError } from '../errors.ts'

/** What the driver asks of a client of Redis or Valkey. */
export type RedisCommands = {
  readonly name: 'redis' | 'valkey'
  /** What the user's client puts before each key of its own commands. */
  readonly keyPrefix: string
  /** Connects when nobody has, and waits: at most so many milliseconds, and for one attempt. */
  connect(ms: number): Promise<void>
  isReady(): boolean
  /** Grows with each connection that was lost. */
  losses(): number
  /** Sends one command now, or rejects: it is never kept to be sent later. */
  send(args: string[]): Promise<unknown>
}

export type Emitter = {
  on(event: string, listener: (error?: unknown) => void): unknown
  prependListener(event: string, listener: (error?: unknown) => void): unknown
  removeListener(event: string, listener: (error?: unknown) => void): unknown
}

/** The few things in which the clients differ. */
export type ClientParts = {
  name: RedisCommands['name']
  keyPrefix: string | undefined
  emitter: Emitter
  isReady(): boolean
  /** Begins to connect, unless that goes on already. */
  begin(): Promise<unknown>
  /** Events that tell of a lost connection, and of an attempt that failed. */
  lost: string[]
  /** Sends; once `lost` is aborted it sees to it that nothing of it is sent any more. */
  send(args: string[], lost: AbortSignal): Promise<unknown>
}

function unavailable(name: string, why: string, cause?: unknown): LeluError {
  return new LeluError('LELU_STORE_UNAVAILABLE', `The approvals store (${name}) ${why}.`, {
    help: 'Check that the server is up and reachable, then try again. No tool runs until the store answers.',
    ...(cause !== undefined && { cause }),
  })
}

const messageOf = (error: unknown): string => (error instanceof Error ? `: ${error.message}` : '')

function connectOnce(parts: ClientParts, ms: number): Promise<void> {
  const { name, emitter, lost } = parts
  const ready = Promise.withResolvers<void>()
  const fail = (error?: unknown) =>
    ready.reject(unavailable(name, `cannot be reached${messageOf(error)}`, error))
  const done = () => ready.resolve()
  const timer = setTimeout(fail, ms, new Error(`not connected within ${ms} ms`))
  emitter.on('ready', done)
  for (const event of lost) emitter.prependListener(event, fail)
  parts.begin().catch(fail)
  return ready.promise.finally(() => {
    clearTimeout(timer)
    emitter.removeListener('ready', done)
    for (const event of lost) emitter.removeListener(event, fail)
  })
}

/** Whoever shares a client shares its listeners: two engines must not add theirs twice. */
const known = new WeakMap<object, RedisCommands>()

/**
 * A client that says no instead of waiting. Both clients keep commands while there is no connection and send them
 * when there is one again: a claim that runs minutes after its caller was told no would leave a call that nobody runs.
 */
export function redisCommands(parts: ClientParts): RedisCommands {
  const { name, emitter } = parts
  const found = known.get(emitter)
  if (found !== undefined) return found
  let connection = new AbortController()
  let losses = 0
  // A listener to 'error', or a lost connection would end the process; and before all others, of which one may throw.
  for (const event of parts.lost) {
    emitter.prependListener(event, (error) => {
      const gone = connection
      connection = new AbortController()
      losses += 1
      gone.abort(error)
    })
  }

  const commands: RedisCommands = {
    name,
    keyPrefix: parts.keyPrefix ?? '',
    isReady: parts.isReady,
    losses: () => losses,
    async connect(ms) {
      if (!parts.isReady()) await connectOnce(parts, ms)
    },
    async send(args) {
      if (!parts.isReady()) throw unavailable(name, 'is not connected')
      const { signal } = connection
      const lost = Promise.withResolvers<never>()
      const fail = () => {
        const { reason } = signal
        lost.reject(unavailable(name, `lost its connection${messageOf(reason)}`, reason))
      }
      signal.addEventListener('abort', fail, { once: true })
      try {
        return await Promise.race([parts.send(args, signal), lost.promise])
      } finally {
        signal.removeEventListener('abort', fail)
      }
    },
  }
  known.set(emitter, commands)
  return commands
}
