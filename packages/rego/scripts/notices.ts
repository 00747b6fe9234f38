import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

type NoticeOptions = { sources: string; output: URL; environment: NodeJS.ProcessEnv }
type LinkedModule = { path: string; version: string; folder: string }

const opa = 'github.com/open-policy-agent/opa'
const licenceName = /^(licen[cs]e|copying|notice)([.-].*)?$/i

/** Writes LICENSE-OPA and NOTICE: every Go module linked into the binary, with its licence text. */
export function writeNotices(options: NoticeOptions): void {
  const modules = linkedModules(options)
  const own = modules.find((one) => one.path === opa)
  if (!own) throw new Error('OPA is not among the linked modules')
  writeFileSync(new URL('LICENSE-OPA', options.output), readFileSync(join(own.folder, 'LICENSE')))

  const texts = new Map<string, string[]>()
  for (const one of [goItself(options), ...modules]) {
    for (const text of licencesOf(one)) {
      texts.set(text, [...(texts.get(text) ?? []), `${one.path} ${one.version}`])
    }
  }
  const sections = [...texts].map(([text, names]) => `${names.join('\n')}\n\n${text}`)
  const head = [
    'opa.wasm.br is compiled from Open Policy Agent (OPA), Copyright The OPA Authors,',
    'Apache License 2.0 (LICENSE-OPA), and from the Go modules named below, each under the licence that',
    'follows its name. The sources of the program that joins them are in the folder opa/ of this package',
    'in the repository.',
  ].join('\n')
  const rule = `\n\n${'='.repeat(80)}\n\n`
  writeFileSync(new URL('NOTICE', options.output), `${[head, ...sections].join(rule)}\n`)
}

function linkedModules(options: NoticeOptions): LinkedModule[] {
  const format = '{{with .Module}}{{if .Version}}{{.Path}}\t{{.Version}}\t{{.Dir}}{{end}}{{end}}'
  const lines = go(options, ['list', '-deps', '-f', format, '.']).split('\n').filter(Boolean)
  return [...new Set(lines)].sort().map((line) => {
    const [path = '', version = '', folder = ''] = line.split('\t')
    return { path, version, folder }
  })
}

function goItself(options: NoticeOptions): LinkedModule {
  return {
    path: 'The Go standard library and runtime',
    version: go(options, ['env', 'GOVERSION']).trim(),
    folder: go(options, ['env', 'GOROOT']).trim(),
  }
}

function licencesOf(one: LinkedModule): string[] {
  const found = existsSync(one.folder)
    ? readdirSync(one.folder).filter((name) => licenceName.test(name))
    : []
  if (found.length === 0) throw new Error(`${one.path} carries no licence file`)
  return found.map((name) =>
    readFileSync(join(one.folder, name), 'utf8').replaceAll('\r', '').trim(),
  )
}

function go(options: NoticeOptions, words: string[]): string {
  return execFileSync('go', words, {
    cwd: options.sources,
    env: options.environment,
    encoding: 'utf8',
  })
}
