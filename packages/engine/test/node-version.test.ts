import { readFileSync } from 'node:fs'
import { expect, it, onTestFinished } from 'vitest'
import { createLelu, openReviewDesk } from '../src/index.ts'
import { assertNode, oldestNode } from '../src/node-version.ts'
import { overview, temporaryFolder } from './support.ts'

it('a Node that is too old is told so by a code, and not by what it lacks', async () => {
  const { versions } = process
  onTestFinished(() => void Object.defineProperty(process, 'versions', { value: versions }))
  Object.defineProperty(process, 'versions', { value: { ...versions, node: '20.20.2' } })
  const refused = {
    code: 'LELU_NODE_UNSUPPORTED',
    message: 'Lelu needs Node 22.19 or later; this is 20.20.2.',
    details: { node: '20.20.2', oldest: '22.19' },
  }
  const options = { directory: temporaryFolder(), policies: overview }
  await expect(createLelu(options)).rejects.toMatchObject(refused)
  await expect(openReviewDesk(options)).rejects.toMatchObject(refused)
})

it('the oldest Node that is taken is that of the package, and newer ones are taken', () => {
  const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  expect(engines.node).toBe(`>=${oldestNode}`)
  for (const version of ['22.18.9', '22.0.0', '18.20.0']) {
    expect(() => assertNode(version)).toThrow(version)
  }
  for (const version of ['22.19.0', '23.0.0', '24.21.0', '100.0.0-nightly']) assertNode(version)
})
