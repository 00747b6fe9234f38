import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Fixture, run, startFixture } from './fixture-process.ts'

// A suite takes some seconds, and a busy machine longer.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })

const require = createRequire(import.meta.url)
/** The draft of the suite, which knows of revision 2026-07-28, and the released one. */
const suites = {
  draft: join(
    require.resolve('@modelcontextprotocol/conformance/package.json'),
    '../dist/index.js',
  ),
  released: join(
    require.resolve('@modelcontextprotocol/conformance-0/package.json'),
    '../dist/index.js',
  ),
}

let fixture: Fixture
let results = ''
beforeAll(async () => {
  results = mkdtempSync(join(tmpdir(), 'lelu-conformance-'))
  fixture = await startFixture()
})
afterAll(async () => {
  await fixture.stop()
  rmSync(results, { recursive: true })
})

type Report = { code: number; passed: number; failed: number; bad: string[]; scenarios: string[] }

async function runSuite(
  name: keyof typeof suites,
  path: string,
  ...args: string[]
): Promise<Report> {
  const url = `${fixture.origin}${path}`
  const where = ['--url', url, '-o', join(results, `${name}${args.join('')}${path.slice(1)}`)]
  const { code, stdout } = await run(suites[name], ['server', ...where, ...args])
  const total = /^Total: (\d+) passed, (\d+) failed$/m.exec(stdout)
  const lines = [...stdout.matchAll(/^([✓✗]) ([a-z0-9-]+): \d+ passed, \d+ failed/gm)]
  return {
    code,
    passed: Number(total?.[1]),
    failed: Number(total?.[2]),
    bad: lines.flatMap(([, mark, scenario = '']) => (mark === '✗' ? [scenario] : [])),
    scenarios: lines.map(([, , scenario = '']) => scenario),
  }
}

const paths = ['/mcp', '/sse']

/** The extension that no reference server passes (nor is it scored); its last scenario waits for the suite. */
const tasks = [
  'tasks-lifecycle',
  'tasks-capability-negotiation',
  'tasks-wire-fields',
  'tasks-request-state-removal',
  'tasks-mrtr-input',
  'tasks-request-headers',
  'tasks-dispatch-and-envelope',
  'tasks-status-notifications',
  'tasks-required-task-error',
  'tasks-mrtr-composition',
]

test.each(paths)('everything of revision 2026-07-28 passes at %s, with tasks', async (path) => {
  const report = await runSuite('draft', path, '--requirements', '2026-07-28')
  expect(report).toMatchObject({ code: 0, passed: 196, failed: 0, bad: [] })
  expect(report.scenarios).toHaveLength(50)
  expect(report.scenarios).toEqual(expect.arrayContaining(tasks))
})

test.each(paths)('everything of revision 2025-11-25 passes at %s', async (path) => {
  const report = await runSuite('draft', path, '--requirements', '2025-11-25')
  expect(report).toMatchObject({ code: 0, passed: 83, failed: 0, bad: [] })
  expect(report.scenarios).toHaveLength(33)
})

test.each(paths)('the released suite passes at %s', async (path) => {
  const report = await runSuite('released', path)
  expect(report).toMatchObject({ code: 0, passed: 40, failed: 0, bad: [] })
})
