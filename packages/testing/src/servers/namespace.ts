import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'

/** The user and group a command runs as. */
export type Account = { uid: number; gid: number }

/** A network namespace of its own: nobody outside it reaches what listens in it. */
export type Namespace = {
  /** Of the process that holds it. */
  pid: number
  /** The words that run a command in it, as another account where one is given. */
  inside(words: readonly string[], as?: Account): [string, ...string[]]
  /** Configures it; throws what `ip` said. */
  ip(words: string): void
  close(): Promise<void>
}

const isRoot = () => process.getuid?.() === 0

/** Who is not root makes a user namespace first, in which they are. */
function enter(pid: number): string[] {
  if (isRoot()) return ['nsenter', `--net=/proc/${pid}/ns/net`]
  return ['nsenter', '-t', `${pid}`, '-U', '-n', '--preserve-credentials']
}

/** Back to the account that the command would have had: PostgreSQL refuses to run as root. */
function become({ uid, gid }: Account): string[] {
  if (isRoot()) return ['setpriv', '--reuid', `${uid}`, '--regid', `${gid}`, '--clear-groups']
  return ['unshare', '--user', `--map-user=${uid}`, `--map-group=${gid}`]
}

function own(): Account | undefined {
  const [uid, gid] = [process.getuid?.(), process.getgid?.()]
  return isRoot() || uid === undefined || gid === undefined ? undefined : { uid, gid }
}

/** The words that make one, with a user namespace for who is not root. */
function making(command: readonly string[], beside?: Namespace): [string, ...string[]] {
  if (isRoot()) return ['unshare', '--net', ...command]
  if (beside === undefined) return ['unshare', '--user', '--map-root-user', '--net', ...command]
  return [...enter(beside.pid), 'unshare', '--net', ...command] as [string, ...string[]]
}

/** What a command in a namespace of its own, or the making of it, is refused with; undefined when it works. */
export function refusalOf(command: string): string | undefined {
  const [program, ...words] = making(command.split(' '))
  const { status, stderr, error } = spawnSync(program, words, { encoding: 'utf8' })
  return status === 0
    ? undefined
    : error?.message || stderr.trim() || `${program} ended with ${status}`
}

/** Until the namespace is there; rejects with what was said instead. */
function whenReady(holder: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = ''
    holder.stdout?.on('data', () => resolve(holder.pid as number))
    holder.stderr?.on('data', (data) => {
      said += data
    })
    holder.on('error', reject)
    holder.on('close', () => reject(new Error(said.trim() || 'unshare ended')))
  })
}

/**
 * A namespace that lives as long as a process which waits for its input: it is gone with this process, however that
 * ends, and leaves no name behind. `beside` is another that belongs to the same user, so that a cable may join the two.
 */
export async function makeNamespace(beside?: Namespace): Promise<Namespace> {
  const waits = ['sh', '-c', 'echo ready; exec cat >/dev/null']
  const [program, ...words] = making(waits, beside)
  const holder = spawn(program, words, { stdio: ['pipe', 'pipe', 'pipe'] })
  const ended = new Promise<void>((resolve) => {
    holder.on('close', () => resolve())
    holder.on('error', () => resolve())
  })
  const pid = await whenReady(holder)

  function inside(command: readonly string[], as = own()): [string, ...string[]] {
    const all = [...enter(pid), ...(as === undefined ? [] : become(as)), ...command]
    return all as [string, ...string[]]
  }
  return {
    pid,
    inside,
    ip(line) {
      const [program, ...rest] = enter(pid) as [string, ...string[]]
      const options = { stdio: 'pipe', encoding: 'utf8' } as const
      execFileSync(program, [...rest, 'ip', ...line.split(' ')], options)
    },
    async close() {
      holder.stdin?.end()
      await ended
    },
  }
}
