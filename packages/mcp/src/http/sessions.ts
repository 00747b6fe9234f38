import type { LegacySession } from '../eras/legacy.ts'
import type { SurfaceChange } from '../surface/surface.ts'

/** One session of the legacy era over HTTP. It belongs to the principal that opened it. */
export type Held<T> = {
  id: string
  /** `Principal.key` of who opened it. */
  owner: string
  session: LegacySession
  transport: T
  /** Requests and streams of it that are open. */
  open: number
  usedAt: number
}

export type SessionLimits = {
  maxSessions: number
  /** A session without an open request or stream ends after this, in ms. */
  idleMs: number
}

/** The sessions of one transport. Ids are unguessable, and still prove nothing: the owner has to match. */
export interface Sessions<T> {
  /** Undefined for an id that is unknown, and just so for another principal's. */
  find(id: string, owner: string): Held<T> | undefined
  /**
   * Whether there is room for one more of this owner. To make room its longest idle one ends, or else one of whoever has most:
   * nobody keeps others out with sessions that he does not use, or loses one to somebody who then has more than he.
   */
  makeRoom(owner: string): boolean
  add(held: Pick<Held<T>, 'id' | 'owner' | 'session' | 'transport'>): Held<T>
  remove(id: string): void
  /** Counts a request or stream of it in; the answer counts it out. */
  use(held: Held<T>): () => void
  changed(change: SurfaceChange): void
  readonly size: number
  close(): Promise<void>
}

export function createSessions<T>({ maxSessions, idleMs }: SessionLimits): Sessions<T> {
  const sessions = new Map<string, Held<T>>()
  const end = (held: Held<T>): Promise<void> => {
    sessions.delete(held.id)
    return held.session.close()
  }
  const idle = (): Held<T>[] =>
    [...sessions.values()].filter(({ open }) => open === 0).sort((a, b) => a.usedAt - b.usedAt)
  const sweep = () => {
    const limit = performance.now() - idleMs
    for (const held of idle()) if (held.usedAt <= limit) void end(held)
  }
  const timer = setInterval(sweep, Math.min(idleMs, 30_000))
  timer.unref()

  return {
    find(id, owner) {
      const held = sessions.get(id)
      return held?.owner === owner ? held : undefined
    },
    makeRoom(owner) {
      if (sessions.size < maxSessions) return true
      sweep()
      const counts = Map.groupBy(sessions.values(), (held) => held.owner)
      const count = (of: string) => counts.get(of)?.length ?? 0
      const open = idle()
      const last =
        open.find((held) => held.owner === owner) ??
        open
          .filter((held) => count(held.owner) > count(owner) + 1)
          .sort((a, b) => count(b.owner) - count(a.owner))[0]
      if (last !== undefined) void end(last)
      return sessions.size < maxSessions
    },
    add(opened) {
      const held = { ...opened, open: 0, usedAt: performance.now() }
      sessions.set(held.id, held)
      return held
    },
    remove(id) {
      sessions.delete(id)
    },
    use(held) {
      held.open += 1
      return () => {
        held.open -= 1
        held.usedAt = performance.now()
      }
    },
    changed(change) {
      for (const { session } of sessions.values()) session.changed(change)
    },
    get size() {
      return sessions.size
    },
    async close() {
      clearInterval(timer)
      await Promise.allSettled([...sessions.values()].map(end))
    },
  }
}
