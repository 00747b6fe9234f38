import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { starterFiles } from './starter.ts'

/** Whether a folder holds rules that are not the starter's own, as the engine would read it. One that is not there has none. */
export async function hasOwnPolicy(policies: string): Promise<boolean> {
  const entries = await readdir(policies, { withFileTypes: true, recursive: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    },
  )
  for (const entry of entries) {
    const file = join(entry.parentPath, entry.name)
    const names = relative(policies, file).split(sep)
    if (names.some((name) => name.startsWith('.'))) continue
    // What a link leads to is not looked at, but is somebody's.
    if (entry.isSymbolicLink()) return true
    if (entry.isFile() && isRule(entry.name) && !(await isStarter(policies, file))) return true
  }
  return false
}

function isRule(name: string): boolean {
  return name.endsWith('.rego') && !name.endsWith('_test.rego')
}

async function isStarter(policies: string, file: string): Promise<boolean> {
  const path = relative(dirname(policies), file).split(sep).join('/')
  const starter = starterFiles.find((one) => one.path === path)
  return starter !== undefined && (await readFile(file, 'utf8')) === starter.text
}
