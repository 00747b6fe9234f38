// Builds the native parts of better-sqlite3, which LangGraph's SQLite saver needs, and of sqlite3, which @keyv/sqlite 4
// needs, for the Node of this repository. They are not built on every install: it takes a compiler and most of a minute
// each, and one test file each needs them.

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** A package as another one sees it. */
function packageFolder(name: string, from: string): string {
  return dirname(createRequire(join(from, 'package.json')).resolve(`${name}/package.json`))
}

function loads(binary: string): boolean {
  const words = ['-e', `process.dlopen(module, ${JSON.stringify(binary)})`]
  return existsSync(binary) && spawnSync(process.execPath, words).status === 0
}

/** The headers come with the package that Node itself came with; node-gyp comes with npm. */
function build(folder: string): void {
  const node = dirname(dirname(realpathSync(process.execPath)))
  const bundled = join(node, 'node_modules', `node-${process.platform}-${process.arch}`)
  const headers = existsSync(join(bundled, 'include')) ? bundled : node
  const npm = execFileSync('npm', ['root', '-g'], { encoding: 'utf8' }).trim()
  const gyp = join(npm, 'npm/node_modules/node-gyp/bin/node-gyp.js')
  execFileSync(process.execPath, [gyp, 'rebuild', '--release', `--nodedir=${headers}`], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

const natives = [
  {
    name: 'better-sqlite3',
    user: 'packages/langchain/node_modules/@langchain/langgraph-checkpoint-sqlite',
    binary: 'build/Release/better_sqlite3.node',
  },
  {
    name: 'sqlite3',
    user: 'test/node_modules/@keyv/sqlite',
    binary: 'build/Release/node_sqlite3.node',
  },
]

let failed = 0
for (const { name, user, binary } of natives) {
  try {
    const folder = packageFolder(name, realpathSync(join(root, user)))
    const built = join(folder, binary)
    if (!loads(built)) build(folder)
    console.log(`${name} is built.`)
  } catch (error) {
    failed += 1
    console.error(`${name} could not be built: its tests are skipped. ${String(error)}`)
  }
}
process.exit(failed === 0 ? 0 : 1)
