import { mkdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../../', import.meta.url))

export const policies: string = join(root, 'examples/operator/policies')
export const ownData: string = join(root, 'examples/operator/.run')

/** A path as it is typed in the folder of the repository, where the commands of the README run. */
export function shown(path: string): string {
  const short = relative(root, path)
  return short.startsWith('..') ? path : short
}

/** The files of the example, in one folder that can be deleted. */
export type Layout = { shop: string; conversation: string; lelu: string }

export function openLayout(directory: string): Layout {
  mkdirSync(directory, { recursive: true })
  return {
    shop: join(directory, 'shop.db'),
    conversation: join(directory, 'conversation.json'),
    lelu: join(directory, '.lelu'),
  }
}
