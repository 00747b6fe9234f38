import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createLelu, openReviewDesk, type Policy, verifyWebhook } from '@lelu/engine'
import { expect, it, onTestFinished } from 'vitest'
import { runProcess, temporaryFolder } from '../support/processes.ts'

const worker = new URL('./worker.ts', import.meta.url)
const secret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`
const requirements = [{ id: 'ask', quorum: 1, reviewers: null, expiresInMs: null }]
const policies: Policy = {
  revision: 'test',
  evaluate: () => ({ effect: 'require_approval', reasons: [], obligations: [], requirements }),
}

/** A target that always answers the same, and keeps the ids of what was signed for it. */
async function target(code: number) {
  const ids: string[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    ids.push(verifyWebhook(request.headers, Buffer.concat(chunks), secret).id)
    response.writeHead(code).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close().closeAllConnections())
  return { ids, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }
}

/** A directory with one call that waits, and a notice of it that nobody has sent. */
async function oneNotice(): Promise<string> {
  const directory = temporaryFolder()
  const lelu = await createLelu({ directory, policies, notices: true })
  const call = { id: '1', tool: 'trade', input: {} }
  await lelu.guard({ subject: { id: 'a', type: 'agent' }, call }, () => 'never')
  await lelu.close()
  return directory
}

it.each([
  ['takes it', 204, 0],
  ['refuses it for good', 410, 1],
])(
  'a notification whose target %s is not lost, wherever the process that delivers is killed',
  { timeout: 300_000 },
  async (_what, code, laidAside) => {
    const whole = await target(code)
    const ended = await runProcess(worker, [await oneNotice(), whole.url, secret])
    expect(whole.ids).toHaveLength(1)
    const steps = Number(ended.stdout)
    expect(steps).toBeGreaterThanOrEqual(3)
    const repeated: number[] = []
    for (let step = 1; step <= steps; step += 1) {
      for (const side of ['before', 'after']) {
        const place = `${side} step ${step} of ${steps}`
        const { ids, url } = await target(code)
        const directory = await oneNotice()
        const killed = await runProcess(worker, [directory, url, secret, `${step}`, side])
        expect(killed.signal, place).toBe('SIGKILL')
        // By this clock whoever was killed has had its time.
        let now = Date.now() + 60_000
        const targets = [{ name: 'ops', type: 'webhook' as const, url, secret }]
        const desk = await openReviewDesk({ directory, now: () => now, notify: { targets } })
        // The signature is a minute old for a receiver of today: within its tolerance.
        await desk.notifications.deliver()
        expect(ids.length, place).toBeGreaterThanOrEqual(1)
        expect(new Set(ids).size, place).toBe(1)
        expect((await desk.notifications.list()).undelivered, place).toHaveLength(laidAside)
        repeated.push(ids.length)
        now += 3_600_000
        expect(await desk.notifications.deliver(), place).toMatchObject({ sent: 0, failed: 0 })
        await desk.close()
      }
    }
    // The test would be worthless if every kill hit before the request, or after all was written.
    expect(Math.min(...repeated)).toBe(1)
    expect(Math.max(...repeated)).toBe(2)
  },
)
