import { execFileSync } from 'node:child_process'
import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/processes.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const example = join(root, 'examples/first-steps')

describe('the README', () => {
  it('shows the sample as it is, and the sample prints what its last lines say', () => {
    const file = join(example, 'src/sample.ts')
    const sample = readFileSync(file, 'utf8')
    expect(readme).toContain(sample.trim())
    expect(readme).toContain(readFileSync(join(example, 'policies/trading.rego'), 'utf8').trim())
    const folder = temporaryFolder()
    cpSync(join(example, 'policies'), join(folder, 'policies'), { recursive: true })
    const output = execFileSync(process.execPath, ['--conditions=lelu:source', file], {
      cwd: folder,
      encoding: 'utf8',
    })
    const promised = [...sample.matchAll(/^\/\/ (.*)$/gm)].map((match) => match[1])
    expect(
      output
        .trim()
        .split('\n')
        .map((line) => line.trim()),
    ).toEqual(promised)
  })

  it('tells what the sample prints once its call is approved', () => {
    const folder = temporaryFolder()
    cpSync(join(example, 'policies'), join(folder, 'policies'), { recursive: true })
    const node = (...words: string[]) =>
      execFileSync(process.execPath, ['--conditions=lelu:source', ...words], {
        cwd: folder,
        encoding: 'utf8',
      })
    const sample = () => node(join(example, 'src/sample.ts'))
    const lelu = (...words: string[]) => node(join(root, 'packages/cli/src/bin.ts'), ...words)
    expect(sample()).toContain('0.85 suspended')
    const [id = ''] = lelu('approvals', 'list').match(/apr_\S+/) ?? []
    lelu('approvals', 'approve', id)
    for (const _ of ['runs', 'is replayed']) expect(sample()).toContain('0.85 executed bought')
    expect(lelu('audit', 'tail', '--json').match(/"token.redeemed"/g)).toHaveLength(1)
    expect(readme).toContain('`0.85 executed bought …`')
  })

  it('names the commands that exist', () => {
    const pattern = /npx -y pnpm@12 (?:--silent )?(?:-C (\S+) )?([a-z][a-z-]*)/g
    const named = [...readme.matchAll(pattern)]
    expect(named.length).toBeGreaterThan(2)
    for (const [line, folder = '.', name] of named) {
      const { scripts } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as {
        scripts?: Record<string, string>
      }
      expect(Object.keys(scripts ?? {}).concat('install', 'exec'), line).toContain(name)
    }
  })

  it('names the directory of the sample where a person decides its calls', () => {
    const { scripts } = JSON.parse(readFileSync(join(example, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>
    }
    expect(scripts.start).toMatch(/ src\/sample\.ts$/)
    const [, twelve = ''] = readme.split('## Twelve lines')
    const [section = ''] = twelve.split('\n## ')
    expect(section).toContain('npx -y pnpm@12 --silent -C examples/first-steps start')
    const lines = section
      .split('\n')
      .filter((line) => line.startsWith('npx ') && / lelu /.test(line))
    expect(lines).toHaveLength(4)
    for (const line of lines) expect(line).toMatch(/ --directory examples\/first-steps\/\.lelu$/)
  })

  it('shows every step of the quickstart under the title it has', () => {
    const sources = ['steps.ts', 'attack-steps.ts'].map((file) =>
      readFileSync(join(root, 'examples/quickstart/src', file), 'utf8'),
    )
    const titles = sources.flatMap((source) =>
      [...source.matchAll(/title: '([^']+)'/g)].map((match) => match[1] as string),
    )
    expect(titles.length).toBe(10)
    for (const title of titles) expect(readme).toContain(title)
  })
})
