import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const names = readdirSync(join(root, 'packages'))
const read = (...path: string[]) => readFileSync(join(root, ...path), 'utf8')

type Manifest = {
  description: string
  keywords: string[]
  license: string
  engines: { node: string }
  peerDependencies?: Record<string, string>
  peerDependenciesMeta?: Record<string, { optional?: boolean }>
}
const manifestOf = (name: string) => JSON.parse(read('packages', name, 'package.json')) as Manifest

it.each(names)('the manifest of %s says what it is and where it runs', (name) => {
  const { description, keywords, license, engines } = manifestOf(name)
  expect(description).toMatch(/^[A-Z].{40,140}\.$/)
  expect(keywords.length).toBeGreaterThan(2)
  expect(new Set(keywords).size).toBe(keywords.length)
  const { license: ours, engines: needed } = JSON.parse(read('package.json')) as Manifest
  expect({ license, node: engines.node }).toEqual({ license: ours, node: needed.node })
})

it.each(names)('the README and the guide for contributors name %s', (name) => {
  expect(read('README.md')).toContain(`[\`@lelu/${name}\`](packages/${name})`)
  expect(read('CONTRIBUTING.md')).toContain(`\`packages/${name}\``)
})

describe('the README of a package', () => {
  it.each(['engine', 'langchain', 'ai-sdk', 'openai'])('says what %s is installed with', (name) => {
    const [, line = ''] = /^npm install (.+)$/m.exec(read('packages', name, 'README.md')) ?? []
    const { peerDependencies = {}, peerDependenciesMeta: meta = {} } = manifestOf(name)
    const peers = Object.keys(peerDependencies).filter((peer) => meta[peer]?.optional !== true)
    expect(line.split(' ')).toEqual(
      expect.arrayContaining([`@lelu/${name}`, '@lelu/engine', ...peers]),
    )
  })

  it.each(['engine', 'audit'])('names every folder of %s', (name) => {
    const folders = readdirSync(join(root, 'packages', name, 'src'), { withFileTypes: true })
    const readme = read('packages', name, 'README.md')
    for (const folder of folders.filter((one) => one.isDirectory()))
      expect(readme).toMatch(new RegExp(`\`(src/)?${folder.name}/?\``))
  })
})
