// One process of an agent that kills itself (SIGKILL) right before or after its n-th step.
// Arguments: directory, phase (suspend | resume), effect, step number, before | after, milliseconds its clock is ahead.

import { appendFileSync, closeSync, fsyncSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { type AuditLog, openAuditLog } from '@lelu/audit'
import {
  type ApprovalStore,
  createLelu,
  fromKeyv,
  sqliteStore,
  type ToolEffect,
} from '@lelu/engine'
import { Keyv } from 'keyv'
import { testCache } from '../support/cache.ts'
import { dyingAt } from '../support/dying.ts'
import { policies, tradeOf } from './scenario.ts'

const [
  directory = '',
  phase = '',
  effect = 'non_idempotent',
  killStep = '0',
  side = 'before',
  ahead = '0',
] = process.argv.slice(2)

/** Store, log and tool: every step of the engine's outside world. */
const { counted, steps } = dyingAt(Number(killStep), side)

const sqlite = sqliteStore({ path: join(directory, 'approvals.db') })
const driver = fromKeyv(new Keyv({ store: sqlite }))
const store: ApprovalStore = {
  open: () => driver.open(),
  name: driver.name,
  create: (row) => counted(() => driver.create(row)),
  get: (id) => counted(() => driver.get(id)),
  findByCall: (tenant, idem, scopes) => counted(() => driver.findByCall(tenant, idem, scopes)),
  swap: (rev, next, window) => counted(() => driver.swap(rev, next, window)),
  list: (query) => driver.list(query),
  due: (now, limit) => driver.due(now, limit),
  markAudited: (marked) => counted(() => driver.markAudited(marked)),
  setWatermark: (scope, notBefore) => driver.setWatermark(scope, notBefore),
  watermarks: (scopes) => counted(() => driver.watermarks(scopes)),
  close: () => driver.close(),
}
const log = await openAuditLog({ directory: join(directory, 'audit') })
const audit: AuditLog = {
  ...log,
  get state() {
    return log.state
  },
  append: (event, options) => counted(() => log.append(event, options)),
  close: () => log.close(),
}
const counting = { ...sqlite, [Symbol.for('lelu.approval-store')]: store }
const lelu = await createLelu({
  directory,
  audit,
  store: new Keyv({ store: counting }),
  policies,
  cache: testCache,
  // Long, so that no renewal changes the number of steps; whoever comes after a kill has a clock that is past it.
  leaseMs: 10_000,
  now: () => Date.now() + Number(ahead),
})

function tool(): string {
  const ledger = join(directory, 'ledger.txt')
  appendFileSync(ledger, 'bought\n')
  const file = openSync(ledger, 'r')
  fsyncSync(file)
  closeSync(file)
  return 'bought'
}

const outcome = await lelu.guard(tradeOf(effect as ToolEffect), () => {
  if (phase === 'suspend') throw new Error('the tool ran without an approval')
  return counted(tool)
})
// What is printed is acknowledged: from here on nothing of it may be lost.
process.stdout.write(`${JSON.stringify({ status: outcome.status, steps: steps() })}\n`)
await lelu.close()
await log.close()
await driver.close()
