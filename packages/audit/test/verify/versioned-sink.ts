import type { AuditSink, LockMode, Retention } from '../../src/sink/sink.ts'

type Held = { versions: Buffer[]; hidden: boolean; modified: string; retention: Retention }

export type VersionedSink = AuditSink & {
  readonly objects: Map<string, Held>
  /** What somebody with the right to write does to a bucket that keeps versions. */
  rewrite(key: string, bytes: Buffer): void
  hide(key: string): void
}

/** A bucket with versions, in memory. */
export function versionedSink({
  stored = '2026-01-01T00:00:00.000Z',
  mode = 'COMPLIANCE' as LockMode | null,
  days = 365,
} = {}): VersionedSink {
  const objects = new Map<string, Held>()
  const until = new Date(Date.parse(stored) + days * 86_400_000).toISOString()
  return {
    name: 's3://test/prefix',
    objects,
    rewrite: (key, bytes) => void objects.get(key)?.versions.push(bytes),
    hide(key) {
      const held = objects.get(key)
      if (held !== undefined) held.hidden = true
    },
    check: async () => {
      throw new Error('not needed')
    },
    async put(key, bytes) {
      const held = objects.get(key)
      if (held !== undefined) return held.versions[0]?.equals(bytes) ? 'same' : 'different'
      const retention = { mode, until: mode === null ? null : until, legalHold: false }
      objects.set(key, { versions: [bytes], hidden: false, modified: stored, retention })
      return 'stored'
    },
    get: async (key) => objects.get(key)?.versions[0],
    async *list(prefix) {
      const keys = [...objects.keys()].filter((key) => key.startsWith(prefix)).sort()
      for (const key of keys) {
        const { versions, hidden, modified } = objects.get(key) as Held
        yield { key, size: versions[0]?.length ?? 0, versions: versions.length, hidden, modified }
      }
    },
    retention: async (key) => objects.get(key)?.retention,
    close: async () => {},
  }
}
