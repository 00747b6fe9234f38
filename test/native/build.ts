// Builds the native part of better-sqlite3, which LangGraph's SQLite saver needs, for the Node of this repository. It
// is not built on every install: it takes a compiler and most of a minute, and only one test needs it.

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const langchain = fileURLToPath(new URL('../../packages/langchain/', import.meta.url))

/** A package as another one sees it. */
function packageFolder(name: string, from: string): string {
  return dirname(createRequire(join(from, 'package.json')).resolve(`${name}/package.json`))
}

const saver = realpathSync(join(langchain, 'node_modules/@langchain/langgraph-checkpoint-sqlite'))
const sqlite = packageFolder('better-sqlite3', saver)
const binary = join(sqlite, 'build/Release/better_sqlite3.node')

if (
  existsSync(binary) &&
  spawnSync(process.execPath, ['-e', `process.dlopen(module, ${JSON.stringify(binary)})`])
    .status === 0
) {
  console.log('better-sqlite3 is built already.')
} else {
  // The headers come with the package that Node itself came with; node-gyp comes with npm.
  const node = dirname(dirname(realpathSync(process.execPath)))
  const bundled = join(node, 'node_modules', `node-${process.platform}-${process.arch}`)
  const headers = existsSync(join(bundled, 'include')) ? bundled : node
  const npm = execFileSync('npm', ['root', '-g'], { encoding: 'utf8' }).trim()
  const gyp = join(npm, 'npm/node_modules/node-gyp/bin/node-gyp.js')
  execFileSync(process.execPath, [gyp, 'rebuild', '--release', `--nodedir=${headers}`], {
    cwd: sqlite,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  console.log('better-sqlite3 is built.')
}
