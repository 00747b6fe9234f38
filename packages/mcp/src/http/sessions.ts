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
  /** Whether there is room for one more of this owner. Ends its longest idle one to make room, never another's. */
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
      const oldest = idle().find((held) => held.owner === owner)
      if (oldest !== undefined) void end(oldest)
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
