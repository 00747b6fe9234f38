import { LeluError } from '../errors.ts'
import { quickenStrings } from './quick-strings.ts'
import { type Emitter, type RedisCommands, redisCommands } from './redis-client.ts'

/** As much as is used of the client of @keyv/redis 5 and 6: node-redis. */
type NodeRedis = Emitter & {
  readonly isOpen: boolean
  readonly isReady: boolean
  readonly options?: { keyPrefix?: string }
  connect(): Promise<unknown>
  sendCommand(args: string[], options: object): Promise<unknown>
}

type ValkeyCommand = { name: string; args: unknown[] }
/** `call` on something that is no client: it makes the command, which only its own `sendCommand` gets. */
type ValkeyMaker = { options: object; sendCommand(command: ValkeyCommand): ValkeyCommand }

/** As much as is used of the client of @keyv/valkey: iovalkey, which has the interface of ioredis. */
type Iovalkey = Emitter & {
  readonly status: string
  readonly options: { keyPrefix?: string; sentinels?: unknown }
  connect(): Promise<unknown>
  sendCommand(command: ValkeyCommand): Promise<unknown>
  call(this: ValkeyMaker, name: string, ...args: string[]): ValkeyCommand
}

const maker: ValkeyMaker = { options: {}, sendCommand: (command) => command }

type Loose = Record<string, unknown>
const isObject = (value: unknown): value is Loose => typeof value === 'object' && value !== null
const has = (value: Loose, ...methods: string[]) =>
  methods.every((method) => typeof value[method] === 'function')

function refused(kind: string): LeluError {
  return new LeluError(
    'LELU_STORE_NOT_ATOMIC',
    `Approvals cannot be kept in Redis or Valkey through a ${kind} client.`,
    {
      help: 'A failover of it can lose a claim that was answered, and then a call would run twice. Give Lelu a Keyv with a client of one durable server, or use @keyv/postgres.',
      details: { client: kind },
    },
  )
}

function nodeRedisCommands(client: NodeRedis): RedisCommands {
  return redisCommands({
    name: 'redis',
    keyPrefix: client.options?.keyPrefix,
    emitter: client,
    isReady: () => client.isReady,
    begin: async () => {
      if (!client.isOpen) await client.connect()
    },
    lost: ['error', 'end'],
    // The client itself rejects what was sent; the signal takes out what still waits to be written.
    // No type mapping of the user's: replies must be strings.
    send: (args, lost) => client.sendCommand(args, { abortSignal: lost, typeMapping: {} }),
  })
}

function valkeyCommands(client: Iovalkey): RedisCommands {
  return redisCommands({
    name: 'valkey',
    keyPrefix: client.options.keyPrefix,
    emitter: client,
    isReady: () => client.status === 'ready',
    begin: async () => {
      if (client.status === 'wait') await client.connect()
      if (client.status === 'end') throw new Error('the client was closed')
    },
    lost: ['error', 'close', 'end'],
    // iovalkey sends what was not answered again after a reconnect. That may be minutes later, and long after the
    // engine has read back by attempt id and said no: so a command whose connection is lost becomes a harmless PING.
    send(args, lost) {
      const [name = '', ...rest] = args
      const command = client.call.call(maker, name.toLowerCase(), ...rest)
      const defuse = () => Object.assign(command, { name: 'ping', args: [] })
      lost.addEventListener('abort', defuse, { once: true })
      return client.sendCommand(command).finally(() => lost.removeEventListener('abort', defuse))
    },
  })
}

/** The client below an adapter of @keyv/redis or @keyv/valkey; undefined below any other. */
export function commandsOf(adapter: unknown): RedisCommands | undefined {
  if (!isObject(adapter)) return undefined
  const { client, redis } = adapter
  if (isObject(client) && has(client, 'sendCommand', 'connect', 'on')) {
    if (client.slots !== undefined) throw refused('cluster')
    if (client.getSentinelNode !== undefined) throw refused('sentinel')
    if (typeof client.isReady !== 'boolean' || typeof client.isOpen !== 'boolean') return undefined
    quickenStrings()
    return nodeRedisCommands(client as unknown as NodeRedis)
  }
  if (isObject(redis) && has(redis, 'sendCommand', 'connect', 'on', 'call')) {
    if (redis.isCluster === true) throw refused('cluster')
    if (!isObject(redis.options) || typeof redis.status !== 'string') return undefined
    const { sentinels } = redis.options
    if (sentinels !== undefined && sentinels !== null) throw refused('sentinel')
    return valkeyCommands(redis as unknown as Iovalkey)
  }
  return undefined
}
