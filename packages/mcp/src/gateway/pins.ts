import type { PinnedDefinition } from './definition.ts'
import { changeLock, readLock } from './lock.ts'

/** How a tool stands to its pin. `changed` and `new` are stopped until a person accepts them. */
export type PinState = 'pinned' | 'changed' | 'new'

/** What a server listed, held against the lock file. */
export type Judged = {
  states: Map<string, PinState>
  /** Tools that were pinned just now, at the first sight of their server. */
  first: string[]
  /** Pinned tools that the server no longer lists. */
  gone: string[]
}

export interface Pins {
  /** Judges what a server lists. A server that the file does not know is pinned as it is: trust on first use. */
  judge(server: string, listed: readonly PinnedDefinition[]): Promise<Judged>
}

/**
 * The pins of a lock file. The file is read again for every judgement, so that what was accepted in another process
 * counts from then on. Throws `LELU_MCP_LOCK_INVALID` when it does not parse: then nothing of that server is served.
 */
export function openPins(path: string): Pins {
  // One after the other, so that those of one process do not wait for each other at the file.
  let queue: Promise<unknown> = Promise.resolve()
  return {
    judge(server, listed) {
      const judged = queue.then(() => judgeListed(path, server, listed))
      queue = judged.catch(() => {})
      return judged
    },
  }
}

async function judgeListed(
  path: string,
  server: string,
  listed: readonly PinnedDefinition[],
): Promise<Judged> {
  const known = (await readLock(path))?.get(server)
  if (known !== undefined) return judged(known, listed)
  let first = false
  let pins: ReadonlyMap<string, PinnedDefinition> = new Map()
  await changeLock(path, (lock) => {
    const meanwhile = lock.get(server)
    first = meanwhile === undefined
    pins = meanwhile ?? new Map(listed.map((one) => [one.definition.name, one]))
    return first ? new Map([...lock, [server, new Map(pins)]]) : undefined
  })
  return { ...judged(pins, listed), first: first ? [...pins.keys()] : [] }
}

function judged(
  known: ReadonlyMap<string, PinnedDefinition>,
  listed: readonly PinnedDefinition[],
): Judged {
  const states = new Map<string, PinState>()
  for (const { sha256, definition } of listed) {
    const pin = known.get(definition.name)
    states.set(
      definition.name,
      pin === undefined ? 'new' : pin.sha256 === sha256 ? 'pinned' : 'changed',
    )
  }
  return { states, first: [], gone: [...known.keys()].filter((name) => !states.has(name)) }
}
