// A process that delivers, and kills itself (SIGKILL) right before or after its n-th step.
// Arguments: directory, URL and secret of the target, step number, before | after.

import { join } from 'node:path'
import { type ApprovalStore, fromKeyv, openReviewDesk, sqliteStore } from '@lelu/engine'
import { Keyv } from 'keyv'

const [directory = '', url = '', secret = '', killStep = '0', side = ''] = process.argv.slice(2)

let step = 0
async function counted<T>(operation: () => Promise<T>): Promise<T> {
  step += 1
  const mine = step
  if (side === 'before' && mine === Number(killStep)) process.kill(process.pid, 'SIGKILL')
  const value = await operation()
  if (side === 'after' && mine === Number(killStep)) process.kill(process.pid, 'SIGKILL')
  return value
}

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
process.stdout.write(`${step}`)
await desk.close()
await driver.close()
