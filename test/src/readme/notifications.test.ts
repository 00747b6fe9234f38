import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createLelu, type Policy } from '@lelu/engine'
import { Keyv } from 'keyv'
import { expect, it, onTestFinished } from 'vitest'
import { receiver } from '../notify/sample.ts'
import { temporaryFolder } from '../support/processes.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const page = readFileSync(join(root, 'docs/notifications.md'), 'utf8')

it('docs/notifications.md shows the receiver as it is', () => {
  const sample = readFileSync(join(root, 'test/src/notify/sample.ts'), 'utf8')
  expect(page).toContain(sample.trim())
})

it('the receiver hears of a call once, and of nothing that the engine did not sign', async () => {
  const secret = `whsec_${Buffer.alloc(32, 5).toString('base64')}`
  const heard: string[] = []
  const server = receiver(secret, (text) => heard.push(text))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close().closeAllConnections())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const requirements = [{ id: 'ask', quorum: 1, reviewers: null, expiresInMs: null }]
  const policies: Policy = {
    revision: 'test',
    evaluate: () => ({ effect: 'require_approval', reasons: [], obligations: [], requirements }),
  }
  const link = 'https://desk.example.com/approvals'
  const targets = [{ name: 'ops', type: 'webhook' as const, url, secret }]
  const directory = temporaryFolder()
  const lelu = await createLelu({
    directory,
    store: new Keyv(),
    policies,
    notify: { link, targets },
  })
  onTestFinished(() => lelu.close())
  const call = { id: '1', tool: 'trade', input: {} }
  const outcome = await lelu.guard({ subject: { id: 'a', type: 'agent' }, call }, () => 'ran')
  if (outcome.status !== 'suspended') throw new Error(`expected suspended, got ${outcome.status}`)
  await lelu.notifications.deliver()
  expect(heard).toEqual([`approval.requested: trade ${link}/${outcome.approval.id}`])
  const forged = { method: 'POST', body: '{"type":"approval.approved"}' }
  expect((await fetch(url, forged)).status).toBe(401)
  expect(heard).toHaveLength(1)
})
