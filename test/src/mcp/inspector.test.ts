import { createRequire } from 'node:module'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Fixture, type Ran, run, startFixture } from './fixture-process.ts'

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })

const require = createRequire(import.meta.url)
const manifest = require.resolve('@modelcontextprotocol/inspector/package.json')
const inspector = join(manifest, '..', require(manifest).bin['mcp-inspector'])

let fixture: Fixture
beforeAll(async () => {
  fixture = await startFixture()
})
afterAll(() => fixture.stop())

/** The command line of the Inspector, as a person would run it. */
function inspect(path: string, era: string, transport: string, ...args: string[]): Promise<Ran> {
  const at = ['--cli', `${fixture.origin}${path}`, '--transport', transport]
  return run(inspector, [...at, '--protocol-era', era, '--format', 'json', ...args])
}

test.each([
  ['/mcp', 'modern', 'http'],
  ['/mcp', 'legacy', 'http'],
  ['/sse', 'auto', 'http'],
  ['/sse', 'legacy', 'sse'],
])('the Inspector lists and calls tools at %s (%s, %s)', async (path, era, transport) => {
  const listed = await inspect(path, era, transport, '--method', 'tools/list')
  expect(listed.code, listed.stderr).toBe(0)
  expect(listed.stdout).toContain('test_simple_text')
  const call = ['--method', 'tools/call', '--tool-name', 'greet']
  const called = await inspect(path, era, transport, ...call, '--tool-args-json', '{"name":"Ann"}')
  expect(called.code, called.stderr).toBe(0)
  expect(called.stdout).toContain('Hello, Ann!')
})

test('the Inspector is told of an error of a tool', async () => {
  const call = ['--method', 'tools/call', '--tool-name', 'test_error_handling']
  expect((await inspect('/mcp', 'auto', 'http', ...call)).code).toBe(5)
})
