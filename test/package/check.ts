// `pnpm pack-check`, after a build: every package as an outsider gets it. Plain Node, no export condition of ours.
import { execFileSync, spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const packages = fileURLToPath(new URL('../../packages/', import.meta.url))
/** What a package must hold beside its code. */
const needed: Record<string, string[]> = {
  rego: ['wasm/opa.wasm.br', 'wasm/opa.json', 'wasm/LICENSE-OPA', 'wasm/NOTICE'],
}
let failed = 0

function check(what: string, holds: boolean): void {
  console.log(`${holds ? 'ok  ' : 'FAIL'} ${what}`)
  if (!holds) failed += 1
}

/** Packed by pnpm, as they are published: it puts in the licence, and real versions for `workspace:` and `catalog:`. */
function filesOf(folder: string): string[] {
  const answer = execFileSync('npx', ['-y', 'pnpm@12', 'pack', '--dry-run', '--json'], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const { files } = JSON.parse(answer) as { files: { path: string }[] }
  return files.map(({ path }) => path)
}

type Manifest = {
  exports: Record<string, string | { types: string; default: string }>
  bin?: Record<string, string>
  dependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
  peerDependenciesMeta?: Record<string, { optional?: boolean }>
}

/** How many names a module exports, in a Node of its own. */
function exportsOf(file: string): number {
  const script = `const all = await import(${JSON.stringify(pathToFileURL(file).href)}); console.log(Object.keys(all).length)`
  return Number(
    execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }),
  )
}

/** A module that awaits something as it is loaded, or imports one that does, cannot be had by `require`. */
function isRequirable(file: string): boolean {
  const script = `require(${JSON.stringify(file)})`
  const node = ['--input-type=commonjs', '-e', script]
  return spawnSync(process.execPath, node, { stdio: 'ignore' }).status === 0
}

/** As in the project of somebody who has its dependencies, and none of the optional peers. */
function loadsAlone(name: string, folder: string, file: string, dependencies: string[]): boolean {
  const project = mkdtempSync(join(tmpdir(), 'lelu-alone-'))
  try {
    const scope = join(project, 'node_modules/@lelu')
    for (const dependency of dependencies) {
      const link = join(project, 'node_modules', dependency)
      mkdirSync(dirname(link), { recursive: true })
      symlinkSync(join(folder, 'node_modules', dependency), link)
    }
    cpSync(join(folder, 'dist'), join(scope, name, 'dist'), { recursive: true })
    cpSync(join(folder, 'package.json'), join(scope, name, 'package.json'))
    return exportsOf(join(scope, name, file)) > 0
  } catch {
    return false
  } finally {
    rmSync(project, { recursive: true, force: true })
  }
}

for (const name of readdirSync(packages)) {
  const folder = join(packages, name)
  const files = filesOf(folder)
  for (const file of [
    'dist/index.js',
    'dist/index.d.ts',
    'src/index.ts',
    'LICENSE',
    'README.md',
    ...(needed[name] ?? []),
  ]) {
    check(`@lelu/${name} ships ${file}`, files.includes(file))
  }
  check(
    `@lelu/${name} ships no test and no build note`,
    !files.some((file) => /(^|\/)test\/|\.test\.|tsbuildinfo/.test(file)),
  )
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
  for (const [path, target] of Object.entries(manifest.exports)) {
    if (typeof target === 'string') continue
    const entry = `@lelu/${name}${path.slice(1)}`
    const file = target.default.slice(2)
    check(
      `${entry} ships ${file} and its types`,
      [file, target.types.slice(2)].every((one) => files.includes(one)),
    )
    const found = exportsOf(join(folder, file))
    check(`${entry} loads in plain Node, ${found} exports`, found > 0)
    check(`${entry} loads with require, in a CommonJS project`, isRequirable(join(folder, file)))
    if (manifest.peerDependenciesMeta === undefined) continue
    const peers = Object.keys(manifest.peerDependencies ?? {}).filter(
      (peer) => manifest.peerDependenciesMeta?.[peer]?.optional !== true,
    )
    const dependencies = [...Object.keys(manifest.dependencies ?? {}), ...peers]
    check(`${entry} loads without its optional peers`, loadsAlone(name, folder, file, dependencies))
  }
  for (const [command, file] of Object.entries(manifest.bin ?? {})) {
    const help = execFileSync(process.execPath, [join(folder, file), '--help'], {
      encoding: 'utf8',
    })
    check(`${command} --help answers`, help.includes('Usage'))
  }
}
process.exit(failed === 0 ? 0 : 1)
