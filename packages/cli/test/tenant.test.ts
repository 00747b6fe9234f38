import type { Approval, StandingGrant } from '@lelu/engine'
import { expect, test } from 'vitest'
import { run, suspended, temporaryFolder, trade, withEngine } from './support.ts'

const unknownId = 'apr_00000000-0000-7000-8000-000000000000'
const unknownGrant = 'grt_00000000-0000-7000-8000-000000000000'

/** A call of the tenant acme that waits, in a directory of its own. */
async function queueOfAcme() {
  const directory = temporaryFolder()
  const id = await suspended(directory, trade({ tenant: 'acme' }))
  const lelu = (...words: string[]) => run([...words, '-C', directory])
  return { directory, id, lelu }
}

const approvalCommands: [string, ...string[]][] = [
  ['show'],
  ['approve', '--yes'],
  ['deny', '--reason', 'no'],
  ['cancel'],
  ['reconcile', '--as', 'failed', '--reason', 'looked'],
  ['wait', '--timeout', '0'],
]

test.each(approvalCommands)(
  "approvals %s says of another tenant's approval what it says of one that is not there",
  async (command, ...words) => {
    const { id, lelu } = await queueOfAcme()
    const ask = (asked: string) =>
      lelu('approvals', command, asked, ...words, '--tenant', 'other', '--json')
    const theirs = await ask(id)
    const unknown = await ask(unknownId)
    expect(theirs.code).toBe(1)
    expect(theirs.stderr).toBe(unknown.stderr.replaceAll(unknownId, id))
    expect(theirs.stderr).toContain('LELU_APPROVAL_NOT_FOUND')
    const { stdout } = await lelu('approvals', 'show', id, '--tenant', 'acme', '--json')
    expect(JSON.parse(stdout) as Approval).toMatchObject({ state: 'pending', votes: [] })
  },
)

test.each(approvalCommands.filter(([command]) => command !== 'reconcile'))(
  'approvals %s reaches an approval of the tenant that is named',
  async (command, ...words) => {
    const { id, lelu } = await queueOfAcme()
    const answer = await lelu('approvals', command, id, ...words, '--tenant', 'acme')
    expect(answer.stderr).not.toContain('LELU_APPROVAL_NOT_FOUND')
  },
)

test("grants and tokens say of another tenant's what they say of one that is not there", async () => {
  const { directory, id, lelu } = await queueOfAcme()
  await lelu('approvals', 'approve', id, '--yes')
  const create = (tenant: string) =>
    lelu('grants', 'create', id, '--for', '1h', '--uses', '5', '--tenant', tenant, '--json')
  expect((await create('other')).stderr).toContain('LELU_APPROVAL_NOT_FOUND')
  const grant = JSON.parse((await create('acme')).stdout) as StandingGrant
  for (const words of [
    ['grants', 'show'],
    ['grants', 'revoke'],
    ['tokens', 'revoke', '--grant'],
  ]) {
    const theirs = await lelu(...words, grant.id, '--tenant', 'other')
    const unknown = await lelu(...words, unknownGrant, '--tenant', 'other')
    expect(theirs).toMatchObject({ code: 1, stdout: '' })
    expect(theirs.stderr).toBe(unknown.stderr.replaceAll(unknownGrant, grant.id))
  }
  expect((await lelu('grants', 'show', grant.id, '--tenant', 'acme')).stdout).toContain('is active')

  const token = await withEngine(directory, async ({ tokens }) => (await tokens.mint(id)).token)
  const active = async (tenant: string) => {
    const { stdout } = await lelu('tokens', 'introspect', token, '--tenant', tenant, '--json')
    return (JSON.parse(stdout) as { active: boolean }).active
  }
  expect(await active('other')).toBe(false)
  expect(await active('acme')).toBe(true)
  for (const target of [
    ['--approval', id],
    ['--token', token],
  ]) {
    const { stderr } = await lelu('tokens', 'revoke', ...target, '--tenant', 'other')
    expect(stderr).toContain('LELU_APPROVAL_NOT_FOUND')
  }
  expect(await active('acme')).toBe(true)
  expect((await lelu('tokens', 'revoke', '--approval', id, '--tenant', 'acme')).code).toBe(0)
  expect(await active('acme')).toBe(false)
  expect((await lelu('grants', 'revoke', grant.id, '--tenant', 'acme')).code).toBe(0)
})

test('a tenant is a target of its own, and no target beside an agent', async () => {
  const { lelu } = await queueOfAcme()
  expect((await lelu('tokens', 'revoke', '--tenant', 'acme')).stdout).toContain(
    'Revoked tenant acme.',
  )
  expect((await lelu('tokens', 'revoke', '--agent', 'a', '--tenant', 'acme')).code).toBe(2)
  expect((await lelu('approvals', 'show', unknownId, '--tenant', '')).stderr).toContain(
    'LELU_REQUEST_INVALID',
  )
})
