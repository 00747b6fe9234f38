import type { AuditSink, SinkCheck } from '../src/index.ts'

export type FakeSink = AuditSink & {
  readonly objects: Map<string, Buffer>
  /** The keys of all puts that came through, in order. */
  readonly puts: string[]
}

export const fakeCheck: SinkCheck = {
  sink: 'fake://archive',
  immutable: true,
  mode: 'COMPLIANCE',
  days: 1,
  checked: '2026-11-22T10:00:00.000Z',
  findings: [],
}

/** An archive in memory. `before` can make an operation fail or wait; `after` a reply that is lost. */
export function fakeSink({
  name = fakeCheck.sink,
  before = async () => {},
  after = async () => {},
}: {
  name?: string
  before?: (operation: 'put' | 'get', key: string) => Promise<void>
  after?: (operation: 'put' | 'get', key: string) => Promise<void>
} = {}): FakeSink {
  const objects = new Map<string, Buffer>()
  const puts: string[] = []
  return {
    name,
    objects,
    puts,
    check: async () => ({ ...fakeCheck, sink: name }),
    async put(key, bytes) {
      await before('put', key)
      const there = objects.get(key)
      if (there === undefined) objects.set(key, Buffer.from(bytes))
      puts.push(key)
      await after('put', key)
      if (there === undefined) return 'stored'
      return there.equals(bytes) ? 'same' : 'different'
    },
    async get(key) {
      await before('get', key)
      return objects.get(key)
    },
    async *list(prefix, after = '') {
      for (const [key, { length: size }] of [...objects].sort(([a], [b]) => (a < b ? -1 : 1))) {
        if (key.startsWith(prefix) && key > after)
          yield { key, size, versions: 1, hidden: false, modified: null }
      }
    },
    retention: async () => undefined,
    close: async () => {},
  }
}
