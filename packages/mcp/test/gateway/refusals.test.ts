import { join } from 'node:path'
import { readRecords } from '@lelu/audit/reading'
import { type Lelu, LeluError } from '@lelu/engine'
import { expect, test } from 'vitest'
import { temporaryFolder, testEngine, testGateway, textOf, until } from './support.ts'

/** What the log says of calls that were denied: the tool, and the ids of the reasons. */
async function denials(directory: string): Promise<string[]> {
  const found: string[] = []
  for await (const { record } of readRecords({ directory: join(directory, 'audit') })) {
    if (record.kind !== 'decision' || record.decision !== 'deny') continue
    found.push(`${record.tool?.name} ${record.reasons.map(({ id }) => id).join()}`)
  }
  return found
}

// Found in review: what the gateway refused by itself was nowhere on record.
test('each call that the gateway refuses by itself is on record, with its code', async () => {
  const directory = temporaryFolder()
  const lelu = await testEngine({ directory })
  const gateway = await testGateway({ lelu })
  await gateway.call('v1__write', { text: 7 })
  await gateway.call('v1__write', { text: 'a' }, { meta: { 'lelu/call': '' } })
  await gateway.call('v1__change')
  await until(async () => !(await gateway.names()).includes('v1__echo'))
  await gateway.call('v1__echo', { text: 'a' })
  await gateway.call('v1__extra')
  await lelu.audit.flush()
  expect(await denials(directory)).toEqual([
    'write LELU_MCP_INPUT_INVALID',
    'write LELU_CALL_INVALID',
    'echo LELU_TOOL_CHANGED',
    'extra LELU_TOOL_NEW',
  ])
  expect(gateway.effects()).toEqual([])
})

test('where the log does not take it, the call is refused all the same', async () => {
  const lelu = await testEngine()
  const away = new LeluError('LELU_AUDIT_UNAVAILABLE', 'The log is away.', { help: 'Wait.' })
  const audit: Lelu['audit'] = { ...lelu.audit, append: () => Promise.reject(away) }
  const gateway = await testGateway({ lelu: { ...lelu, audit } })
  expect(textOf(await gateway.call('v1__write', { text: 7 }))).toMatch(/^LELU_AUDIT_UNAVAILABLE/)
  await gateway.call('v1__change').catch(() => {})
  await until(async () => !(await gateway.names()).includes('v1__echo'))
  expect(textOf(await gateway.call('v1__extra'))).toMatch(/^LELU_AUDIT_UNAVAILABLE/)
  expect(gateway.effects()).toEqual([])
})
