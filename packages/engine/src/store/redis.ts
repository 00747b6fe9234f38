import { alteredError } from '../approvals/seal.ts'
import { LeluError } from '../errors.ts'
import { checkServer } from './redis-checks.ts'
import type { RedisCommands } from './redis-client.ts'
import { redisKeys } from './redis-keys.ts'
import { commandsOf } from './redis-keyv.ts'
import { makeSchema } from './redis-schema.ts'
import * as scripts from './redis-scripts.ts'
import type { ApprovalStore, Marks, StoredRow, StoredState, Swapped } from './store.ts'
import { storeError } from './store-error.ts'

export type RedisStoreOptions = {
  /** Approvals of another namespace are not seen. */
  namespace?: string
  /** Only warns of a server that can lose what it answered. Default false. */
  allowUnsafe?: boolean
}

/** How long `open()` waits for a connection. */
const connectMs = 5000

function corrupt(message: string, help: string): LeluError {
  return new LeluError('LELU_STORE_CORRUPT', message, { help })
}

type Values = (string | null)[]

/** Of a row that somebody altered: no number is no time. */
function timeOf(text: string | null): number | null {
  const time = text === null ? Number.NaN : Number(text)
  return Number.isFinite(time) ? time : null
}

/**
 * The id is the one that was asked for and not one of the values: a row that was moved to the key of another must
 * not be taken for it. What is missing breaks the seal.
 */
function rowOf(id: string, values: Values): StoredRow | undefined {
  return values.every((value) => value === null) ? undefined : rowFrom(id, values)
}

function rowFrom(id: string, values: Values): StoredRow {
  const [tenant, state, rev, idem, createdAt, attempt, audited, due, body, seal] = values
  return {
    id,
    tenant: tenant ?? '',
    state: (state ?? '') as StoredState,
    rev: Number(rev),
    idem: idem ?? null,
    createdAt: Number(createdAt),
    attempt: attempt ?? '',
    audited: Number(audited) || 0,
    due: timeOf(due ?? null),
    body: body ?? '',
    seal: seal ?? '',
  }
}

function pairs(row: StoredRow, names: readonly (keyof StoredRow)[]): (string | number)[] {
  return names.flatMap((name) => {
    const value = row[name]
    return value === null ? [] : [name, value]
  })
}

const changing = ['state', 'rev', 'attempt', 'audited', 'due', 'body', 'seal'] as const

/** Approvals in Redis or Valkey: every operation is one Lua script, which the server runs alone. */
export function redisApprovalStore(
  commands: RedisCommands,
  options: RedisStoreOptions = {},
): ApprovalStore {
  const { namespace, allowUnsafe = false } = options
  const keys = redisKeys(commands.keyPrefix, namespace)
  let opening: { losses: number; done: Promise<void> } | undefined
  let wasOpen = false

  async function begin(): Promise<void> {
    // Once it was open, a lost connection means no at once.
    if (!wasOpen) await commands.connect(connectMs)
    await checkServer(commands, allowUnsafe)
    await makeSchema(commands, keys)
    wasOpen = true
  }

  /** After a lost connection the server may be another one, or have other settings: it is checked again. */
  function opened(): Promise<void> {
    const losses = commands.losses()
    if (opening?.losses === losses) return opening.done
    const mine = { losses, done: begin() }
    opening = mine
    mine.done.catch(() => {
      if (opening === mine) opening = undefined // the next one tries again
    })
    return mine.done
  }

  async function attempt<T>(doing: string, operation: () => Promise<T>): Promise<T> {
    try {
      await opened()
      return await operation()
    } catch (error) {
      throw storeError(error, doing)
    }
  }

  const run = (
    doing: string,
    script: scripts.Script,
    named: string[],
    args: (string | number)[],
  ): Promise<unknown> => attempt(doing, () => scripts.runScript(commands, script, named, args))

  /** The index of calls is not sealed, but tenant and call of the row are: a wrong index must not lead to another's. */
  function rowOfCall(reply: unknown, tenant: string, idem: string | null): StoredRow | undefined {
    const [id, values] = reply as [string?, Values?]
    const row = id === undefined ? undefined : rowOf(id, values ?? [])
    if (row === undefined || (row.tenant === tenant && row.idem === idem)) return row
    throw alteredError(row.id, 'it is stored as the approval of another call')
  }

  function marksOf(scopes: readonly string[], values: Values): Marks {
    const marks: Marks = Object.create(null)
    for (const [index, mark] of values.entries()) {
      if (mark === null) continue
      const notBefore = Number(mark)
      // A revocation that cannot be read is one, and not none.
      if (!Number.isFinite(notBefore)) {
        throw corrupt(
          `A revocation in ${commands.name} is no number.`,
          `Somebody other than Lelu wrote to ${keys.marks}. Find out who, and revoke again.`,
        )
      }
      marks[scopes[index] as string] = notBefore
    }
    return marks
  }

  return {
    name: commands.name,
    open: () => attempt('opening', async () => {}),
    clock: () =>
      attempt('reading its clock', async () => {
        const [seconds, micros] = (await commands.send(['TIME'])) as [string, string]
        return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000)
      }),
    async create(row) {
      const { id, tenant, state, idem, due } = row
      const named = [keys.row(id), keys.set(), keys.set({ state }), keys.set({ tenant })]
      named.push(keys.set({ tenant, state }), keys.due)
      if (idem !== null) named.push(keys.call(tenant, idem))
      const args = [id, keys.rows, due ?? '', ...pairs(row, scripts.fields)]
      const reply = await run('creating an approval', scripts.createScript, named, args)
      const [takenBy, values] = reply as [string?, Values?]
      if (takenBy === undefined || values === undefined) return { created: true, row }
      const taken = takenBy === id ? rowOf(id, values) : rowOfCall(reply, tenant, idem)
      if (taken === undefined) throw alteredError(takenBy, 'nothing of it is left')
      return { created: false, row: taken }
    },
    async get(id) {
      const reply = await run('reading an approval', scripts.getScript, [keys.row(id)], [])
      return rowOf(id, reply as Values)
    },
    async findByCall(tenant, idem, scopes = []) {
      const named = [keys.call(tenant, idem), keys.marks]
      const args = [keys.rows, ...scopes]
      const reply = await run('finding an approval', scripts.findByCallScript, named, args)
      const [found, ...call] = reply as [Values, ...unknown[]]
      return { row: rowOfCall(call, tenant, idem), marks: marksOf(scopes, found) }
    },
    async swap(rev, next, { before = '', notBefore = '' } = {}) {
      const { id, tenant, state, due } = next
      const named = [keys.row(id), keys.set({ state }), keys.set({ tenant, state }), keys.due]
      const moving = [keys.states, keys.tenantStates, keys.tenantText(tenant), state]
      const args = [id, rev, before, notBefore, ...moving, due ?? '', ...pairs(next, changing)]
      return (await run('changing an approval', scripts.swapScript, named, args)) as Swapped
    },
    async list({ tenant, state, limit, after }) {
      const set = keys.set({ ...(tenant !== undefined && { tenant }), ...(state && { state }) })
      const args = [keys.rows, after === undefined ? '-' : `(${after}`, limit]
      const reply = await run('listing approvals', scripts.listScript, [set], args)
      return (reply as [string, Values][]).map(([id, values]) => {
        const row = rowFrom(id, values)
        // The sets are not sealed: what somebody added to them must not show one tenant the row of another. Nor may it,
        // or a row that somebody deleted, shorten a page, which would seem to be the last: nothing of it has no seal.
        return tenant !== undefined && row.tenant !== tenant ? rowFrom(id, []) : row
      })
    },
    async due(now, limit) {
      const args = [keys.rows, now, limit]
      const reply = await run('finding what is due', scripts.dueScript, [keys.due], args)
      return (reply as [string, Values][]).flatMap(([id, values]) => rowOf(id, values) ?? [])
    },
    async markAudited(marked) {
      const rows = marked.map(({ id }) => keys.row(id))
      const numbers = marked.map(({ audited }) => audited)
      await run('noting the log', scripts.auditedScript, rows, numbers)
    },
    async setWatermark(scope, notBefore) {
      await run('revoking', scripts.setMarkScript, [keys.marks], [scope, notBefore])
    },
    async watermarks(scopes) {
      if (scopes.length === 0) return Object.create(null)
      const named = [keys.marks]
      const reply = await run('reading revocations', scripts.marksScript, named, [...scopes])
      return marksOf(scopes, reply as Values)
    },
    async close() {}, // the client is the user's
  }
}

/**
 * The driver for a Keyv adapter of @keyv/redis or @keyv/valkey; undefined for any other. Throws `LELU_STORE_NOT_ATOMIC`
 * for clusters and sentinels. `namespace` is the Keyv's: Keyv 6 does not tell it to every adapter.
 */
export function redisFromKeyv(
  adapter: unknown,
  options: RedisStoreOptions = {},
): ApprovalStore | undefined {
  const commands = commandsOf(adapter)
  if (commands === undefined) return undefined
  const namespace = options.namespace ?? (adapter as { namespace?: string }).namespace
  return redisApprovalStore(commands, { ...options, ...(namespace && { namespace }) })
}
