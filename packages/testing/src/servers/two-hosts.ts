import { type Account, makeNamespace, type Namespace, refusalOf } from './namespace.ts'

/** A host in a test: an address of its own, and commands that run on it. */
export type Host = {
  address: string
  /** The addresses of both hosts, as CIDR. */
  network: string
  /** The words that run a command on it, as another account where one is given. */
  inside(words: readonly string[], as?: Account): [string, ...string[]]
}

/**
 * `cable`: the other host's cable is out, which that host sees. `silence`: what is sent either way is lost, and neither
 * host sees anything. `replies`: only what the database sends is lost; what it is sent arrives.
 */
export type Cut = 'cable' | 'silence' | 'replies'

/** Two hosts with one cable between them, and nothing else. */
export type TwoHosts = {
  /** Where the database runs; whoever asks from here is never cut off. */
  database: Host
  /** Where the others run. */
  away: Host
  /** Whatever was sent is lost without a word: no connection is closed or reset. */
  cut(how: Cut): void
  heal(): void
  /** After everything that runs on them has ended. */
  close(): Promise<void>
}

const cable = 'cable'
const network = '10.77.0.0/24'
const addresses = { database: '10.77.0.1', away: '10.77.0.2' } as const
/** A hardware address that nobody has: frames to it go out and reach nobody, as behind a switch that fails. */
const nobody = '02:00:00:00:00:99'

const hostOf = ({ inside }: Namespace, address: string): Host => ({ address, network, inside })

/** Two network namespaces joined by a veth pair. Needs root or user namespaces, and iproute2 and util-linux. */
export async function startHosts(): Promise<TwoHosts> {
  const database = await makeNamespace()
  const away = await makeNamespace(database).catch(async (error) => {
    await database.close()
    throw error
  })
  const close = async () => {
    await Promise.all([away.close(), database.close()])
  }
  const lose = (from: Namespace, to: string) =>
    from.ip(`neigh replace ${to} lladdr ${nobody} nud permanent dev ${cable}`)
  const find = (from: Namespace, to: string) => from.ip(`neigh flush to ${to} nud all dev ${cable}`)
  try {
    database.ip(`link add ${cable} type veth peer name ${cable} netns ${away.pid}`)
    for (const [host, address] of [
      [database, addresses.database],
      [away, addresses.away],
    ] as const) {
      host.ip(`address add ${address}/24 dev ${cable}`)
      host.ip(`link set ${cable} up`)
      host.ip('link set lo up')
    }
  } catch (error) {
    await close()
    throw error
  }
  return {
    database: hostOf(database, addresses.database),
    away: hostOf(away, addresses.away),
    cut(how) {
      // The other host's end: without its own, the database could not be asked from its host either.
      if (how === 'cable') return away.ip(`link set ${cable} down`)
      lose(database, addresses.away)
      if (how === 'silence') lose(away, addresses.database)
    },
    heal() {
      away.ip(`link set ${cable} up`)
      find(database, addresses.away)
      find(away, addresses.database)
    },
    close,
  }
}

let known: { why: string | undefined } | undefined

/** Why there can be no two hosts here, in a few words; undefined when there can. Asked once for each process. */
export function noHosts(): string | undefined {
  known ??= { why: refusalOf(`ip link add ${cable} type veth peer name ${cable}-2`) }
  return known.why
}
