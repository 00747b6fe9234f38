import { expect, test } from 'vitest'
import { temporaryFolder, testGateway, textOf, v1Entry } from './support.ts'

test('a server of before 2026 is called with exactly the input, and its result passes unchanged', async () => {
  const gateway = await testGateway()
  const result = await gateway.call('v1__echo', { text: 'hi' })
  expect(JSON.parse(textOf(result))).toMatchObject({ input: { text: 'hi' } })
  expect(result.isError).toBeUndefined()
  expect(await gateway.call('v1__fail')).toEqual({
    content: [{ type: 'text', text: 'no such file' }],
    isError: true,
  })
})
