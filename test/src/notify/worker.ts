// A process that delivers, and kills itself (SIGKILL) right before or after its n-th step.
// Arguments: directory, URL and secret of the target, step number, before | after.

import { join } from 'node:path'
import { type ApprovalStore, fromKeyv, openReviewDesk, sqliteStore } from '@lelu/engine'
import { Keyv } from 'keyv'
import { dyingAt } from '../support/dying.ts'

const [directory = '', url = '', secret = '', killStep = '0', side = ''] = process.argv.slice(2)

const { counted, steps } = dyingAt(Number(killStep), side)

const sqlite = sqliteStore({ path: join(directory, 'approvals.db') })
const driver = fromKeyv(new Keyv({ store: sqlite }))
const store: ApprovalStore = {
  ...driver,
  create: (row) => counted(() => driver.create(row)),
  get: (id) => counted(() => driver.get(id)),
  swap: (rev, next, window) => counted(() => driver.swap(rev, next, window)),
  due: (now, limit) => counted(() => driver.due(now, limit)),
}
const counting = { ...sqlite, [Symbol.for('lelu.approval-store')]: store }
const desk = await openReviewDesk({
  directory,
  store: new Keyv({ store: counting }),
  notify: { targets: [{ name: 'ops', type: 'webhook', url, secret }] },
})
await desk.notifications.deliver()
process.stdout.write(`${steps()}`)
await desk.close()
await driver.close()
