import type { PinnedDefinition } from './definition.ts'
import { type Lock, readLock, writeLock } from './lock.ts'

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
  // One after the other: two servers that are first seen at once must not write over each other's pins.
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
  const lock: Lock = (await readLock(path)) ?? new Map()
  const known = lock.get(server)
  if (known === undefined) {
    lock.set(server, new Map(listed.map((one) => [one.definition.name, one])))
    await writeLock(path, lock)
    const names = listed.map(({ definition }) => definition.name)
    return { states: new Map(names.map((name) => [name, 'pinned'])), first: names, gone: [] }
  }
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
