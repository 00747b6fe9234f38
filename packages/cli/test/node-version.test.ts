import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { oldestNode, refusesNode } from '../src/node-version.ts'
import { bin } from './support.ts'

const root = new URL('../../../', import.meta.url)
const bins = [bin, fileURLToPath(new URL('packages/mcp/src/bin.ts', root))]

/** Makes a Node look like an old one, on which any file but these two may fail to load. */
const oldNode = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module'
  const versions = { ...process.versions, node: '20.20.2' }
  Object.defineProperty(process, 'versions', { value: versions })
  registerHooks({
    load(url, context, next) {
      if (/\\/(bin|node-version)\\.ts$/.test(url)) return next(url, context)
      throw new Error('loaded ' + url)
    },
  })
`)}`

function runOnOldNode(script: string, ...argv: string[]) {
  const node = ['--conditions=lelu:source', '--import', oldNode, script, ...argv]
  const { status, stdout, stderr } = spawnSync(process.execPath, node, { encoding: 'utf8' })
  return { code: status, stdout, stderr }
}

test('a Node that is too old is told so by both commands, before anything else is loaded', () => {
  for (const script of bins) {
    expect(runOnOldNode(script, '--version')).toEqual({
      code: 2,
      stdout: '',
      stderr: [
        'LELU_NODE_UNSUPPORTED\n',
        '  × Lelu needs Node 22.19 or later; this is 20.20.2.',
        '  help: Install a newer Node (https://nodejs.org), then run the command again.\n',
      ].join('\n'),
    })
  }
})

test('with --json it is told so in one JSON document', () => {
  const { code, stderr } = runOnOldNode(bin, 'approvals', 'list', '--json')
  expect(code).toBe(2)
  expect(JSON.parse(stderr)).toMatchObject({
    error: { code: 'LELU_NODE_UNSUPPORTED', details: { node: '20.20.2', oldest: '22.19' } },
  })
})

test('the oldest Node that is taken is that of every package, and newer ones are taken', () => {
  for (const name of ['cli', 'mcp', 'engine']) {
    const { engines } = JSON.parse(
      readFileSync(new URL(`packages/${name}/package.json`, root), 'utf8'),
    )
    expect(engines.node).toBe(`>=${oldestNode}`)
  }
  for (const version of ['22.19.0', '22.20.1', '23.0.0', '24.21.0', '100.0.0-nightly'])
    expect(refusesNode(version)).toBe(false)
  for (const script of bins) {
    const node = ['--conditions=lelu:source', script, '--version']
    expect(execFileSync(process.execPath, node, { encoding: 'utf8' })).toBe('0.1.0\n')
  }
})
