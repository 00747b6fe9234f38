import type { AuditLog } from '@lelu/audit'
import { readReason } from '../approvals/reason.ts'
import type { Reviewer } from '../approvals/record.ts'
import { readActor } from '../approvals/reviewer.ts'
import { chainOf } from '../chain.ts'
import { LeluError } from '../errors.ts'
import { maxId } from '../request/gate.ts'
import { onlyMember } from '../request/only-member.ts'
import { checkText } from '../request/read-members.ts'
import type { EngineStore } from '../store/engine-store.ts'
import type { ReadMarks } from '../store/marks.ts'
import type { Marks } from '../store/store.ts'
import { timedBy } from '../store/timed.ts'
import type { Subject } from '../types.ts'

/** One agent, or everything. */
export type StopScope = { agent: string } | { all: true }

/** Who stops or starts it, and why. */
export type StopOptions = {
  /** From the host's authentication of the person. */
  by?: Reviewer
  /** For the record. */
  reason?: string
}

/** Stops an agent, or everything, at the very next decision of every process, and until it is started again. */
export interface KillSwitch {
  /** Every call is denied from now on, whatever the policy says; what was approved does not run. */
  stop(scope: StopScope, options?: StopOptions): Promise<void>
  start(scope: StopScope, options?: StopOptions): Promise<void>
  isStopped(scope: StopScope): Promise<boolean>
}

type Options = {
  store: EngineStore
  readMarks: ReadMarks
  audit: AuditLog
  now: () => number
  deadlineMs: number
}

const everything = 'all'
const agentScope = (id: string) => `agent:${id}`

function scopeOf(scope: StopScope): string {
  const [kind, value] = onlyMember(scope) ?? []
  if (kind === 'all' && value === true) return everything
  // An id that no call can have stops nobody: refused before the log says that it did.
  if (kind === 'agent' && typeof value === 'string' && value !== '')
    return agentScope(checkText(value, 'scope.agent', maxId))
  throw new LeluError('LELU_REQUEST_INVALID', 'What is stopped or started is an agent, or all.', {
    help: 'Pass { agent: "trader-1" } or { all: true }.',
  })
}

/** The store keeps times that only move forward, so there are two for each scope: the later one holds. */
const marks = (scope: string) => ({ stop: `stop:${scope}`, start: `start:${scope}` })

/** About as long as an engine that is at work needs at most from its question to the tool, in ms. */
const freshMs = 2000

/**
 * Whether it counts what was read of stops and revocations behind `askedAt`. A process that stood still since, or whose
 * clock was set back, has not heard of what was set meanwhile, and asks again before its tool.
 */
export const isFresh = (askedAt: number, now: number): boolean =>
  now >= askedAt && now - askedAt < freshMs

/** What is read of a store to know who is stopped. `marksOf` names it; what was just read may be handed over. */
export type StoppedCheck = {
  marksOf(subject: Subject): string[]
  isStopped(subject: Subject, stops?: Marks): Promise<boolean>
}

export function killSwitch({ store, readMarks, audit, now, deadlineMs }: Options): {
  killSwitch: KillSwitch
  /** Whether anybody in the chain is stopped. Throws when the store does not answer: then nothing is decided. */
  stopped: StoppedCheck
} {
  const timed = timedBy(deadlineMs)
  const timesOf = (scopes: readonly string[]) => {
    const names = scopes.flatMap((scope) => Object.values(marks(scope)))
    return readMarks(names)
  }
  const at = (found: Record<string, number>, name: string) =>
    Object.hasOwn(found, name) ? (found[name] as number) : 0

  const scopesOf = (subject: Subject) => [
    everything,
    ...chainOf(subject).map(({ id }) => agentScope(id)),
  ]
  const marksOf = (subject: Subject) => scopesOf(subject).map((scope) => marks(scope).stop)

  /** A stop and a start of the same moment: the stop holds. */
  function isStopped(found: Record<string, number>, scope: string): boolean {
    const { stop, start } = marks(scope)
    return at(found, stop) > 0 && at(found, stop) >= at(found, start)
  }

  async function set(word: 'stop' | 'start', scope: StopScope, options: StopOptions | null) {
    const by = readActor(options?.by)
    const reason = readReason(options?.reason) ?? 'no reason given'
    const name = scopeOf(scope)
    store.assertOpen() // its log may be another engine's as well, and still take what this one cannot do
    // The log first: a switch that is set but nowhere recorded must not exist.
    const kind = word === 'stop' ? 'switch.stopped' : 'switch.started'
    await audit.append({ kind, tenant: 'default', scope: name, reason, reviewer: by })
    const found = await timesOf([name])
    const after = word === 'start' ? at(found, marks(name).stop) + 1 : at(found, marks(name).start)
    const time = Math.max(now(), after)
    await timed(store.setWatermark(marks(name)[word], time), 'setting the kill switch')
  }

  return {
    killSwitch: {
      stop: (scope, options = {}) => set('stop', scope, options),
      start: (scope, options = {}) => set('start', scope, options),
      async isStopped(scope) {
        const name = scopeOf(scope)
        return isStopped(await timesOf([name]), name)
      },
    },
    stopped: {
      marksOf,
      async isStopped(subject, known) {
        // Nearly always nobody was ever stopped; else both times are read together, as they are compared.
        const stops = known ?? (await readMarks(marksOf(subject)))
        if (Object.keys(stops).length === 0) return false
        const scopes = scopesOf(subject)
        const found = await timesOf(scopes)
        return scopes.some((scope) => isStopped(found, scope))
      },
    },
  }
}
