import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { v1HttpServer } from './servers.ts'
import { fixtures, testGateway, textOf, until } from './support.ts'

test('a server that tells of change after change is asked for its tools once more, and its calls go on', async () => {
  const server = await v1HttpServer()
  const gateway = await testGateway({ servers: { v1: { url: server.url } } })
  const held = Promise.withResolvers<void>()
  let lists = 0
  server.said.listing = () => {
    lists += 1
    return held.promise
  }
  for (let times = 0; times < 20; times += 1) await server.changed()
  const call = gateway.call('v1__write', { text: 'a' })
  server.said.write = 'Writes a line elsewhere.'
  held.resolve()
  // The last list counts: it is the one that tells of the change.
  expect(textOf(await call)).toMatch(/^LELU_TOOL_CHANGED/)
  expect(lists).toBe(2)
})

const floodOf = (kind: string) => ({
  command: process.execPath,
  args: [join(fixtures, 'flood.ts'), kind],
})

test.each(['changes', 'questions', 'answers', 'garbage'])(
  'a server that sends %s without end is left alone, each time for longer',
  async (kind) => {
    const { notices } = await testGateway({ servers: { flood: floodOf(kind) } })
    const left = () => notices.filter((text) => text.startsWith('flood sends messages without end'))
    await vi.waitFor(() => expect(left().length).toBeGreaterThan(1), { timeout: 60_000 })
    expect(left().slice(0, 2)).toEqual(
      ['0.5', '1'].map((pause) => expect.stringContaining(`tried again in ${pause} s`)),
    )
  },
)

test('of a list with thousands of tools that changed only so much is said', async () => {
  const server = await v1HttpServer()
  const gateway = await testGateway({ servers: { v1: { url: server.url } } })
  server.said.extra = Array.from({ length: 3000 }, (_, index) => `tool-${index}`)
  await server.changed()
  await until(() => gateway.notices.includes('v1: (there is more than is shown)'))
  expect((await gateway.names()).length).toBeLessThan(100)
})

test('of what a server says on its standard error only so much is handed on', async () => {
  const begun = performance.now()
  const { notices, names } = await testGateway({ servers: { flood: floodOf('errors') } })
  await until(() => notices.includes('flood: (there is more than is shown)'))
  const shown = notices.filter((text) => text === 'flood: something went wrong').length
  const tens = Math.ceil((performance.now() - begun) / 10_000)
  expect(shown).toBeLessThanOrEqual(1000 * (tens + 1))
  // Whoever only talks too much is not cut off.
  expect(await names()).toEqual(['flood__some'])
})
