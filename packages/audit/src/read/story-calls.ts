import type { AuditParty, AuditTool } from '../record/event.ts'
import type { FoundRecord } from './scan.ts'
import type { StoryKey } from './story-keys.ts'

/** One of several calls that share an id; `id` finds its story. `ts` is the time of its first record. */
export type CallSummary = {
  id: string
  tenant: string
  run: string | null
  agent: string | null
  tool: string | null
  ts: string
  stream: string
  seq: number
}

type Call = CallSummary & { keys: StoryKey[] }
type Grouped = { calls: Call[]; more: boolean }

/** A framework may use one call id again in each run, so their number must not be trusted. */
const mostCalls = 1000

/** Gathers records into calls: those that share a key are one. */
export function groupCalls(): {
  add(one: FoundRecord, keys: readonly StoryKey[]): void
  result(): Grouped
} {
  const callOf = new Map<StoryKey, Call>()
  const calls = new Set<Call>()
  let more = false

  return {
    add(one, keys) {
      if (keys.length === 0) return
      const known = new Set(keys.flatMap((key) => callOf.get(key) ?? []))
      const [first, ...others] = known
      if (first === undefined && calls.size >= mostCalls) {
        more = true
        return
      }
      const call = first ?? summary(one, keys[0] as StoryKey)
      calls.add(call)
      for (const other of others) {
        calls.delete(other)
        for (const key of other.keys) callOf.set(key, call)
        call.keys.push(...other.keys)
      }
      for (const key of keys) {
        if (!callOf.has(key)) call.keys.push(key)
        callOf.set(key, call)
      }
    },
    result: () => ({ calls: [...calls], more }),
  }
}

function summary({ record, stream }: FoundRecord, key: StoryKey): Call {
  const { agent, tool, run } = record as { agent?: AuditParty; tool?: AuditTool; run?: string }
  return {
    id: key.slice(key.indexOf(' ') + 1),
    tenant: record.tenant,
    run: run ?? null,
    agent: agent?.id ?? null,
    tool: tool?.name ?? null,
    ts: record.ts,
    stream,
    seq: record.seq,
    keys: [],
  }
}
