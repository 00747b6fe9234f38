import { LeluError } from '../errors.ts'
import type { RedisCommands } from './redis-client.ts'
import { unsafeStore } from './unsafe.ts'

type Finding = { why: string; help: string }

const durable = '`appendonly yes` and `appendfsync always`'

/** The value of a setting; undefined when the server does not tell. */
async function setting(commands: RedisCommands, name: string): Promise<string | undefined> {
  const reply = await commands.send(['CONFIG', 'GET', name])
  // A list in RESP2, a map in RESP3.
  if (Array.isArray(reply)) return reply[1] === undefined ? undefined : String(reply[1])
  const value = reply instanceof Map ? reply.get(name) : (reply as Record<string, unknown>)[name]
  return value === undefined ? undefined : String(value)
}

function findingsIn(settings: {
  appendonly: string
  appendfsync: string
  onRewrite: string
  policy: string
}): Finding[] {
  const findings: Finding[] = []
  if (settings.appendonly !== 'yes') {
    findings.push({
      why: 'it keeps no append-only file, so a restart loses approvals and claims that were answered',
      help: `Set ${durable} in its configuration.`,
    })
  } else if (settings.appendfsync !== 'always' && settings.appendfsync !== 'everysec') {
    findings.push({
      why: `it writes its append-only file to disk only when the system does (appendfsync ${settings.appendfsync})`,
      help: 'Set `appendfsync always` in its configuration.',
    })
  } else if (settings.onRewrite === 'yes') {
    findings.push({
      why: 'while it rewrites its append-only file it writes to disk only when the system does (no-appendfsync-on-rewrite yes)',
      help: 'Set `no-appendfsync-on-rewrite no` in its configuration.',
    })
  }
  if (settings.policy !== 'noeviction') {
    findings.push({
      why: `it may throw approvals and revocations away when its memory is full (maxmemory-policy ${settings.policy})`,
      help: 'Set `maxmemory-policy noeviction` in its configuration.',
    })
  }
  return findings
}

/** Errors of the server about the command itself, and not about the connection or the server. */
const isRefusal = (error: unknown): boolean =>
  error instanceof Error && /^(NOPERM|ERR)\b/.test(error.message)

const names = ['appendonly', 'appendfsync', 'maxmemory-policy', 'no-appendfsync-on-rewrite']

async function readSettings(commands: RedisCommands) {
  try {
    const [appendonly, appendfsync, policy, onRewrite = 'no'] = await Promise.all(
      names.map((name) => setting(commands, name)),
    )
    if (appendonly === undefined || appendfsync === undefined || policy === undefined) return
    return { appendonly, appendfsync, policy, onRewrite }
  } catch (error) {
    if (!isRefusal(error)) throw error
    return undefined
  }
}

/** A replica takes no writes, or loses them; a server that still reads its file does not know yet what it holds. */
async function assertPrimary(commands: RedisCommands): Promise<void> {
  const [role] = (await commands.send(['ROLE']).catch((error) => {
    if (isRefusal(error)) return ['unknown'] // what it may not tell is checked by its first write
    throw error
  })) as unknown[]
  if (String(role) !== 'slave') return
  throw new LeluError('LELU_STORE_UNAVAILABLE', `The ${commands.name} server is a replica.`, {
    help: 'Connect to its primary: only there is a write one that counts.',
  })
}

/** Refuses a server that can lose what it has answered: `LELU_STORE_UNSAFE`. With `allow` it only warns. */
export async function checkServer(commands: RedisCommands, allow: boolean): Promise<void> {
  await assertPrimary(commands)
  const settings = await readSettings(commands)
  if (settings === undefined) {
    const why = 'whether it keeps what it answers cannot be checked, because it refuses CONFIG GET'
    const help = `Allow \`CONFIG GET\` to this user, or make sure of ${durable} and \`maxmemory-policy noeviction\` yourself.`
    return unsafeStore(commands.name, { why, help }, allow)
  }
  for (const finding of findingsIn(settings)) unsafeStore(commands.name, finding, allow)
  if (settings.appendonly === 'yes' && settings.appendfsync === 'everysec') {
    process.emitWarning(
      `${commands.name} writes to disk once a second (appendfsync everysec): a power failure may lose the last second, and with it a claim that was answered. Set \`appendfsync always\`.`,
      { code: 'LELU_STORE_EVERYSEC' },
    )
  }
}
