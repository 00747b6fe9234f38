import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const packages = fileURLToPath(new URL('../../../packages/', import.meta.url))

/** Which packages of ours each may import. A new package is added here first. */
const mayImport: Record<string, string[]> = {
  rego: [],
  confidence: [],
  audit: [],
  engine: ['rego', 'confidence', 'audit'],
  testing: ['audit', 'engine'],
  'ai-sdk': ['engine'],
  langchain: ['engine'],
  openai: ['engine'],
  cli: ['rego', 'audit', 'engine'],
  // Its command looks and fails like `lelu`: the terminal of the one is the terminal of the other.
  mcp: ['audit', 'confidence', 'engine', 'cli'],
}

const frameworks = ['langchain', '@langchain/', 'ai', '@ai-sdk/', 'openai', '@openai/']

function sources(name: string): string[] {
  const files = readdirSync(join(packages, name, 'src'), { recursive: true, encoding: 'utf8' })
  return files
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(packages, name, 'src', file))
}

function imports(file: string): string[] {
  const found = readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)
  return [...found].map((match) => match[1] as string)
}

describe('imports point one way', () => {
  const names = readdirSync(packages)

  it('in every package there is', () => {
    expect(names.sort()).toEqual(Object.keys(mayImport).sort())
  })

  it.each(Object.keys(mayImport))('%s imports only what lies below it', (name) => {
    for (const file of sources(name)) {
      for (const target of imports(file)) {
        const ours = target.match(/^@lelu\/([^/]+)/)?.[1]
        if (ours !== undefined) expect(mayImport[name], `${file} imports ${target}`).toContain(ours)
        expect(target, `${file} reaches into another package`).not.toMatch(
          /^(\.\.\/)+(packages|[a-z]+\/src)\//,
        )
      }
    }
  })

  it('and nothing below the adapters knows a framework', () => {
    for (const name of ['rego', 'confidence', 'audit', 'engine']) {
      for (const target of sources(name).flatMap(imports)) {
        const framework = frameworks.some(
          (word) => target === word || (word.endsWith('/') && target.startsWith(word)),
        )
        expect(framework, `${name} imports ${target}`).toBe(false)
      }
    }
  })
})
