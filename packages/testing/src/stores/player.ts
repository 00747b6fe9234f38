import { appendFileSync } from 'node:fs'
import {
  type ApprovalStore,
  type DecisionRequest,
  type Execute,
  fromKeyv,
  isLeluError,
  type Lelu,
  type Outcome,
  type Reviewer,
} from '@lelu/engine'
import { patientEngine } from '../patient-engine.ts'
import type { StoreKeyv } from './harness.ts'
import { fill, swapRow } from './many.ts'
import { storePolicy } from './policy.ts'
import type { HaltPoint, Order, Reply, StoreCall, WorkerSetup } from './protocol.ts'

/** One engine, and how it carries orders out. */
export type Player = { play(order: Order): Promise<Reply>; close(): Promise<void> }

/** Told whenever the tool reaches a point where a process may halt. */
export type Reach = (point: HaltPoint) => void

/** The agent whose calls these are, and the person it acts for: neither may review them. */
export const requesters = { agent: 'agent-1', user: 'alice' } as const

const reviewerOf = (id: string): Reviewer => ({ id, issuer: 'suite', method: 'suite' })

const schema = { type: 'object', properties: { amount: { type: 'number' } } }

function requestOf({ run, call = 'call-1', tenant, effect, ...rest }: StoreCall): DecisionRequest {
  const { amount = 1, quorum, expiresInMs } = rest
  const input = {
    amount,
    ...(quorum !== undefined && { quorum }),
    ...(expiresInMs !== undefined && { expiresInMs }),
  }
  return {
    subject: {
      id: requesters.agent,
      type: 'agent',
      actingFor: { id: requesters.user, type: 'user' },
    },
    run,
    ...(tenant !== undefined && { tenant }),
    call: { id: call, tool: 'pay', effect: effect ?? 'non_idempotent', input, schema },
  }
}

function told<T>(outcome: Outcome<T>): Partial<Reply> {
  const { status, approval } = outcome
  const replayed = outcome.status === 'executed' && outcome.replayed === true
  return { status: replayed ? 'replayed' : status, ...(approval && { approval }) }
}

type Parts = { lelu: Lelu; driver: ApprovalStore; execute: Execute<string> }

async function carryOut({ lelu, driver, execute }: Parts, order: Order): Promise<Partial<Reply>> {
  const { approvals, tokens } = lelu
  switch (order.verb) {
    case 'suspend':
      return told(await lelu.guard(requestOf(order), execute))
    case 'resume':
      return told(await lelu.resume(order.approval, execute))
    case 'review': {
      const { approval: id, verdict, reviewer, amount } = order
      const input = amount === undefined ? {} : { input: { amount } }
      const review = { verdict, reviewer: reviewerOf(reviewer), ...input }
      return { approval: await approvals.review(id, review) }
    }
    case 'reconcile': {
      const { approval: id, as, reviewer } = order
      const found = { as, reviewer: reviewerOf(reviewer), reason: 'read in the ledger' }
      return { approval: await approvals.reconcile(id, found) }
    }
    case 'cancel':
      return { approval: await approvals.cancel(order.approval) }
    case 'revoke':
      await tokens.revoke({ approval: order.approval })
      return {}
    case 'get':
      return { approval: await approvals.get(order.approval) }
    case 'mint':
      return { token: (await tokens.mint(order.approval)).token }
    case 'introspect':
      return { active: (await tokens.introspect(order.token)).active }
    case 'find': {
      const { run, call = 'call-1', tenant = 'default' } = order
      const approval = await approvals.find({ run, call, tenant })
      return approval === undefined ? {} : { approval }
    }
    case 'list': {
      const { tenant, state, limit, after } = order
      const filter = { tenant, limit, ...(state && { state }), ...(after && { after }) }
      const { approvals: found, next, altered } = await approvals.list(filter)
      return { page: { ids: found.map(({ id }) => id), next, altered } }
    }
    case 'make':
    case 'swap':
      return { swapped: await swapRow(driver, order) }
    case 'fill':
      return { made: await fill((call) => lelu.guard(requestOf(call), () => 'never'), order) }
  }
}

/** The engine of a worker over this Keyv. */
export async function openPlayer(
  setup: WorkerSetup,
  store: Omit<StoreKeyv, 'disconnect'>,
  reach: Reach,
): Promise<Player> {
  const { directory, ledger, keys, strict, aheadMs, leaseMs, deadlineMs } = setup
  const lelu = await patientEngine({
    directory,
    keys,
    store,
    policies: storePolicy(strict),
    leaseMs,
    storeDeadlineMs: deadlineMs,
    ...(aheadMs !== 0 && { now: () => Date.now() + aheadMs }),
  })
  let unrecorded = 0
  const hear = (warning: Error & { code?: string }) => {
    if (warning.code === 'LELU_OUTCOME_UNRECORDED') unrecorded += 1
  }
  process.on('warning', hear)
  const execute: Execute<string> = async (_call, { approval }) => {
    reach('before-effect')
    // A line that outlives the process which is killed right after it.
    appendFileSync(ledger, `${approval?.id}\n`)
    reach('after-effect')
    return 'paid'
  }
  const parts: Parts = { lelu, driver: fromKeyv(store), execute }
  return {
    async play(order) {
      const wait = (order.at ?? 0) - Date.now()
      if (wait > 0) await new Promise((go) => setTimeout(go, wait))
      const started = performance.now()
      const reply = await carryOut(parts, order).catch((error: unknown) => ({
        code: isLeluError(error) ? error.code : 'NOT_CODED',
        message: String(error),
      }))
      const ms = Math.round(performance.now() - started)
      // A warning is told a turn after it was given.
      await new Promise((turn) => setImmediate(turn))
      return { ...reply, ms, unrecorded }
    },
    async close() {
      process.off('warning', hear)
      await lelu.close()
    },
  }
}
