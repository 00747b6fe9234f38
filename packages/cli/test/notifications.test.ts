import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createLelu, type UndeliveredPage, verifyWebhook } from '@lelu/engine'
import { expect, onTestFinished, test } from 'vitest'
import { policyOf, requirement, run, temporaryFolder, trade } from './support.ts'

const secret = `whsec_${Buffer.alloc(32, 3).toString('base64')}`

/** A target that answers with these words, then with 204, and keeps the types of what was signed for it. */
async function target(...answers: number[]) {
  const types: string[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    types.push(verifyWebhook(request.headers, Buffer.concat(chunks), secret).type)
    response.writeHead(answers.shift() ?? 204).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close().closeAllConnections())
  return { types, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }
}

/** A directory in which a call waits whose notices are kept, and a file of targets. */
async function waitingCall(...answers: number[]) {
  const folder = temporaryFolder()
  const directory = join(folder, 'lelu')
  const requirements = [requirement()]
  const policies = policyOf({ effect: 'require_approval', requirements })
  const lelu = await createLelu({ directory, policies, notices: true })
  await lelu.guard(trade(), () => 'ran')
  await lelu.close()
  const { types, url } = await target(...answers)
  const file = join(folder, 'notify.json')
  const targets = [{ name: 'ops', type: 'webhook', url: 'env:OPS_URL', secret: 'env:OPS_SECRET' }]
  writeFileSync(file, JSON.stringify({ targets, everyMs: 10 }))
  const env = { OPS_URL: url, OPS_SECRET: secret }
  const command = (words: string[], more: Parameters<typeof run>[1] = {}) =>
    run(['notifications', ...words, '-C', directory], { env, ...more })
  return { command, types, file, directory, env }
}

test('what is due is sent to the targets of a file, with secrets of the environment', async () => {
  const { command, types, file } = await waitingCall()
  const { code, stdout } = await command(['deliver', '--targets', file])
  expect([code, stdout, types]).toEqual([0, '1 sent\n', ['approval.requested']])
  expect((await command(['deliver', '--targets', file])).stdout).toBe('0 sent\n')
  expect((await command(['list'])).stdout).toContain('Nothing waits here')
})

test('the file of targets may be named by LELU_NOTIFY, and counts come as JSON', async () => {
  const { command, file, env } = await waitingCall()
  const { stdout } = await command(['deliver', '--json'], { env: { ...env, LELU_NOTIFY: file } })
  expect(JSON.parse(stdout)).toEqual({ sent: 1, failed: 0, undelivered: 0, altered: [] })
})

test('what a target refuses is listed, sent again, and discarded', async () => {
  const { command, types, file } = await waitingCall(410, 404)
  const failed = await command(['deliver', '--targets', file])
  expect(failed.code).toBe(1)
  expect(failed.stdout).toBe('0 sent, 1 not taken, 1 laid aside (lelu notifications list)\n')
  const { stdout } = await command(['list'])
  const [heading, row] = stdout.split('\n')
  expect(heading).toMatch(/^ID +KIND +APPROVAL +TARGET +HAPPENED +TRIES +LAST ANSWER$/)
  expect(row).toMatch(/^und_\S+ +approval\.requested +apr_\S+ +ops +\d+ s ago +1 +HTTP 410$/)
  const page = JSON.parse((await command(['list', '--json'])).stdout) as UndeliveredPage
  const id = String(page.undelivered[0]?.id)
  for (const word of ['retry', 'discard']) {
    const other = await command([word, id, '--tenant', 'other'])
    expect(other.stderr).toContain('LELU_NOTIFICATION_NOT_FOUND')
  }
  const again = await command(['retry', id])
  expect(again.stdout).toMatch(/^approval\.requested of apr_\S+ goes to ops again/)
  await command(['deliver', '--targets', file])
  expect(types).toHaveLength(2)
  expect((await command(['list'])).stdout).toContain('HTTP 404')
  expect((await command(['discard', id])).stdout).toContain(`Discarded ${id}.`)
  expect((await command(['list'])).stdout).toContain('Nothing waits here')
  const gone = await command(['discard', id])
  expect([gone.code, gone.stderr]).toEqual([
    1,
    expect.stringContaining('LELU_NOTIFICATION_NOT_FOUND'),
  ])
})

test('a review by the command is told as well, by whoever delivers', async () => {
  const { command, types, file, directory } = await waitingCall()
  const { stdout } = await run(['approvals', 'list', '--json', '-C', directory])
  const { approvals } = JSON.parse(stdout) as { approvals: { id: string }[] }
  await run(['approvals', 'deny', String(approvals[0]?.id), '--reason', 'No', '-C', directory])
  await command(['deliver', '--targets', file])
  expect(types).toEqual(['approval.requested', 'approval.denied'])
})

test('--watch goes on until Ctrl-C', async () => {
  const { command, types, file } = await waitingCall()
  const abort = new AbortController()
  const onWrite = (stdout: string) => {
    if (stdout.includes('1 sent')) abort.abort()
  }
  const words = ['deliver', '--watch', '--targets', file]
  const { code, stdout } = await command(words, { signal: abort.signal, onWrite })
  expect([code, stdout, types]).toEqual([0, '1 sent\n', ['approval.requested']])
})

test('--watch goes on while a target does not answer', async () => {
  const slow = Promise.withResolvers<void>()
  const heard: string[] = []
  const both = Promise.withResolvers<void>()
  const server = createServer((request, response) => {
    request.resume()
    if (request.url === '/slow') return void slow.promise.then(() => response.writeHead(204).end())
    heard.push(String(request.headers['webhook-id']))
    if (heard.length === 2) both.resolve()
    response.writeHead(204).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close().closeAllConnections())
  const { command, file, directory } = await waitingCall()
  const { port } = server.address() as AddressInfo
  const named = (name: string) => ({
    name,
    type: 'webhook',
    url: `http://127.0.0.1:${port}/${name}`,
  })
  const targets = ['slow', 'fine'].map((name) => ({ ...named(name), secret }))
  writeFileSync(file, JSON.stringify({ targets, everyMs: 10, timeoutMs: 60_000 }))
  const abort = new AbortController()
  const words = ['deliver', '--watch', '--targets', file]
  const watching = command(words, { signal: abort.signal })
  const listed = await run(['approvals', 'list', '--json', '-C', directory])
  const id = String(JSON.parse(listed.stdout).approvals[0]?.id)
  await run(['approvals', 'deny', id, '--reason', 'No', '-C', directory])
  await both.promise
  slow.resolve()
  abort.abort()
  expect((await watching).code).toBe(0)
})

test.each([
  ['no targets are named', ['deliver'], undefined, 2, /--targets FILE/],
  [
    'the file is missing',
    ['deliver', '--targets', '/nowhere/x.json'],
    undefined,
    1,
    /Check the path/,
  ],
  [
    'standard input is no JSON',
    ['deliver', '--targets', '-'],
    `{"secret": ${secret}`,
    1,
    /is no JSON/,
  ],
  [
    'a variable is missing',
    ['deliver', '--targets', '-'],
    '{"targets":[{"name":"ops","type":"webhook","url":"env:NOWHERE"}]}',
    1,
    /The environment has no NOWHERE/,
  ],
  ['there are no targets', ['deliver', '--targets', '-'], '{}', 1, /needs `targets`/],
  ['it is null', ['deliver', '--targets', '-'], 'null', 1, /must be an object/],
  [
    'a secret is mistyped',
    ['deliver', '--targets', '-'],
    `{"targets":[{"name":"ops","type":"webhook","url":"https://a.example","secret":"${secret}!"}]}`,
    1,
    /24 to 64 bytes/,
  ],
])('nothing is sent, and no secret shown, when %s', async (_what, words, stdin, code, says) => {
  const { command, types } = await waitingCall()
  const answer = await command(words, { ...(stdin !== undefined && { stdin }) })
  expect(answer.code).toBe(code)
  expect(answer.stderr).toMatch(says)
  expect(answer.stderr).not.toContain(secret.slice(6))
  expect(types).toEqual([])
})
