import { mkdirSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../../', import.meta.url))

/** Where the gateway of an example is configured, and what it leaves behind. */
export type Layout = { config: string; files: string; lelu: string }

/** Of the folder that the configuration is in. The filesystem server does not start without its folder. */
export function openLayout(config = join(root, 'examples/gateway/lelu-mcp.json')): Layout {
  const run = join(dirname(resolve(config)), '.run')
  const files = join(run, 'files')
  mkdirSync(files, { recursive: true })
  return { config: resolve(config), files, lelu: join(run, '.lelu') }
}

/** A path as it is typed in the folder of the repository, where the commands of the README run. */
export function shown(path: string): string {
  const short = relative(root, path)
  return short.startsWith('..') ? path : short
}
