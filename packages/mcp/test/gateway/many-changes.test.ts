import { join } from 'node:path'
import { expect, test } from 'vitest'
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

test('a server that tells of changes without end is left alone for a while', async () => {
  const flood = { command: process.execPath, args: [join(fixtures, 'flood.ts')] }
  const { notices } = await testGateway({ servers: { flood } })
  await until(() => notices.some((text) => text.startsWith('flood tells of changes without end')))
})
