import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { run } from './run.ts'

/** Node's own folder first: some clients need a newer one than the system has, to install and to run. */
export const path = [dirname(process.execPath), process.env.PATH].join(delimiter)

/** Installs a package of npm, once, in a folder of its own: clients want different versions of the same packages. */
export async function install(name: string, root: string): Promise<string> {
  const folder = join(root, name.replaceAll(/\W/g, '_'))
  const bin = join(folder, 'node_modules/.bin')
  if (existsSync(bin)) return bin
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{"private": true}')
  const words = ['install', '--no-audit', '--no-fund', name]
  const { code, output } = await run('npm', words, folder, { ...process.env, PATH: path }, 600_000)
  if (code !== 0) console.log(output)
  return bin
}
