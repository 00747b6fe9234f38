// `pnpm pack-check`, after a build: every package as an outsider gets it. Plain Node, no export condition of ours.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
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

function filesOf(folder: string): string[] {
  const answer = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const parsed = JSON.parse(answer) as Packed[] | Record<string, Packed>
  const [packed] = Array.isArray(parsed) ? parsed : Object.values(parsed)
  return (packed?.files ?? []).map(({ path }) => path)
}

type Packed = { files: { path: string }[] }

for (const name of readdirSync(packages)) {
  const folder = join(packages, name)
  const files = filesOf(folder)
  for (const file of [
    'dist/index.js',
    'dist/index.d.ts',
    'src/index.ts',
    ...(needed[name] ?? []),
  ]) {
    check(`@lelu/${name} ships ${file}`, files.includes(file))
  }
  check(
    `@lelu/${name} ships no test and no build note`,
    !files.some((file) => /(^|\/)test\/|\.test\.|tsbuildinfo/.test(file)),
  )
  const entry = pathToFileURL(join(folder, 'dist/index.js')).href
  const script = `const all = await import(${JSON.stringify(entry)}); console.log(Object.keys(all).length)`
  const exports = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  })
  check(`@lelu/${name} loads in plain Node, ${exports.trim()} exports`, Number(exports) > 0)
  const { bin = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    bin?: Record<string, string>
  }
  for (const [command, file] of Object.entries(bin)) {
    const help = execFileSync(process.execPath, [join(folder, file), '--help'], {
      encoding: 'utf8',
    })
    check(`${command} --help answers`, help.includes('Usage'))
  }
}
process.exit(failed === 0 ? 0 : 1)
