import type { StandingGrant } from '@lelu/engine'
import { expect, test } from 'vitest'
import { queueOfOne, run, trade, withEngine } from './support.ts'

/** An approved call, and what one command prints. */
async function approvedCall() {
  const { directory, id } = await queueOfOne()
  await run(['approvals', 'approve', id, '--yes', '-C', directory])
  const grants = (...words: string[]) => run(['grants', ...words, '-C', directory])
  return { directory, id, grants }
}

test('a reviewer lets calls like an approved one run, sees their uses, and ends it', async () => {
  const { directory, id, grants } = await approvedCall()
  expect((await grants('list')).stdout).toBe('There are no standing grants.\n')
  const made = await grants('create', id, '--for', '2h', '--uses', '5', '--reason', 'Rebalancing')
  expect(made.stdout).toMatch(
    /^(grt_[0-9a-f-]+) is active: 0 of 5 uses, ends in (2 h|1 h 59 min)\.\nIt lets trader-1 for [a-z0-9-]+ call trade with the same input as approval apr_/,
  )
  const grant = made.stdout.split(' ')[0] as string
  const story = await run(['audit', 'show', id, '-C', directory])
  expect(story.stdout).toMatch(/grant created\n(.+\n)*? +calls at most 5\n +until 20/)
  await withEngine(directory, async (lelu) => {
    const outcome = await lelu.guard(trade({ run: 'another' }), () => 'ran')
    expect(outcome.status).toBe('executed')
  })
  const { stdout } = await grants('list')
  const [heading, row] = stdout.split('\n')
  expect(heading).toMatch(/^ID +AGENT +TOOL +SAME +USES +ENDS IN +STATE$/)
  expect(row).toMatch(
    new RegExp(`^${grant} +trader-1 for [a-z0-9-]+ +trade +input +1 of 5 +.*active$`),
  )
  expect((await grants('revoke', grant)).stdout).toContain(`Revoked ${grant}.`)
  expect((await grants('show', grant)).stdout).toContain('is revoked: 1 of 5 uses')
  const json = JSON.parse((await grants('show', grant, '--json')).stdout) as StandingGrant
  expect(json).toMatchObject({ id: grant, state: 'revoked', uses: 1, reason: 'Rebalancing' })
})

test('a token target may be a grant', async () => {
  const { directory, id, grants } = await approvedCall()
  const { stdout } = await grants('create', id, '--for', '30m', '--uses', '1', '--json')
  const grant = (JSON.parse(stdout) as StandingGrant).id
  const { code } = await run(['tokens', 'revoke', '--grant', grant, '-C', directory])
  expect(code).toBe(0)
  expect((await grants('show', grant)).stdout).toContain('is revoked')
})

test.each([
  ['--for', '9h', 'at most 8h'],
  ['--for', 'soon', 'such as 30m or 2h'],
  ['--uses', '0', 'whole number from 1 to 1000'],
])('a grant with %s %s is refused as misuse', async (option, value, message) => {
  const { id, grants } = await approvedCall()
  const words = { '--for': '1h', '--uses': '5', [option]: value }
  const { code, stderr } = await grants('create', id, ...Object.entries(words).flat())
  expect(code).toBe(2)
  expect(stderr).toContain(message)
})

test('a call that nobody approved gives no grant', async () => {
  const { directory, id } = await queueOfOne()
  const words = ['grants', 'create', id, '--for', '1h', '--uses', '5', '-C', directory]
  const { code, stderr } = await run(words)
  expect(code).not.toBe(0)
  expect(stderr).toContain('it is pending')
  expect(stderr).toContain('Approve the call first.')
})
