// `pnpm pack-check`, after a build: `npx @lelu/mcp add --cursor` and `npx @lelu/mcp serve` as somebody runs them who has
// the published packages. The tarballs stand in for the registry; everything else comes from pnpm's store where it is warm.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { askServe } from './serving.ts'

const packages = fileURLToPath(new URL('../../packages/', import.meta.url))
const pnpm = ['-y', 'pnpm@12']
const root = mkdtempSync(join(tmpdir(), 'lelu-npx-'))
let failed = 0

function check(what: string, holds: boolean, found = ''): void {
  console.log(`${holds ? 'ok  ' : 'FAIL'} ${what}${holds ? '' : `\n${found}`}`)
  if (!holds) failed += 1
}

type Manifest = { name: string; dependencies?: Record<string, string> }

/** The packages of ours that one needs, itself first. */
function needed(name: string, found: Set<string> = new Set()): Set<string> {
  found.add(name)
  const text = readFileSync(join(packages, name, 'package.json'), 'utf8')
  for (const dependency of Object.keys((JSON.parse(text) as Manifest).dependencies ?? {})) {
    const [scope, other = ''] = dependency.split('/')
    if (scope === '@lelu' && !found.has(other)) needed(other, found)
  }
  return found
}

function pack(name: string): string {
  const folder = join(root, 'tarballs', name)
  mkdirSync(folder, { recursive: true })
  execFileSync('npx', [...pnpm, 'pack', '--pack-destination', folder], {
    cwd: join(packages, name),
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [tarball = ''] = readdirSync(folder)
  return join(folder, tarball)
}

/** Installs the tarballs as the published packages in a project of their own. */
function install(project: string): void {
  const tarballs = new Map([...needed('mcp')].map((name) => [name, pack(name)]))
  mkdirSync(project, { recursive: true })
  const manifest = {
    name: 'somebody',
    private: true,
    dependencies: { '@lelu/mcp': `file:${tarballs.get('mcp')}` },
  }
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest))
  const overrides = [...tarballs].map(([name, file]) => `  '@lelu/${name}': 'file:${file}'\n`)
  writeFileSync(
    join(project, 'pnpm-workspace.yaml'),
    `overrides:\n${overrides.join('')}allowBuilds:\n  tldjs: false\n`,
  )
  execFileSync('npx', [...pnpm, 'install', '--prefer-offline', '--ignore-scripts'], {
    cwd: project,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

function somebody(home: string): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, HOME: home, npm_config_cache: join(root, 'cache') }
}

function run(project: string, home: string, argv: readonly string[]) {
  const env = somebody(home)
  try {
    const stdout = execFileSync('npx', ['--no-install', ...argv], {
      cwd: project,
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    return { code: 0, stdout, stderr: '' }
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number; stdout: string; stderr: string }
    return { code: status, stdout, stderr }
  }
}

try {
  const project = join(root, 'project')
  const home = join(root, 'home')
  mkdirSync(home)
  install(project)
  const wanted = { mcpServers: { lelu: { url: 'http://localhost:3003/mcp' } } }
  for (const command of ['@lelu/mcp', 'lelu-mcp']) {
    rmSync(join(project, '.cursor'), { recursive: true, force: true })
    const added = run(project, home, [command, 'add', '--cursor'])
    check(`npx ${command} add --cursor ends with 0`, added.code === 0, added.stdout + added.stderr)
    const text = readFileSync(join(project, '.cursor/mcp.json'), 'utf8')
    const same = JSON.stringify(JSON.parse(text)) === JSON.stringify(wanted)
    check(`npx ${command} add --cursor writes .cursor/mcp.json`, same, text)
    check('it says what to do next', added.stdout.includes('next: In Cursor'), added.stdout)
  }
  const help = run(project, home, ['lelu-mcp', '--help'])
  check('npx lelu-mcp --help answers', help.stdout.includes('Usage: lelu-mcp'), help.stderr)
  const misuse = run(project, home, ['lelu-mcp', 'add'])
  check('npx lelu-mcp add alone is misuse', misuse.code === 2, misuse.stdout + misuse.stderr)
  const served = await askServe(project, somebody(home))
  const found = JSON.stringify(served)
  check('lelu-mcp serve answers initialize at /mcp', served.server === 'lelu', found)
  check('lelu-mcp serve lists its tools', served.tools.includes('lelu_evaluate'), found)
  check('lelu-mcp serve ends with 130 when it is interrupted', served.code === 130, found)
} finally {
  rmSync(root, { recursive: true, force: true })
}
process.exit(failed === 0 ? 0 : 1)
