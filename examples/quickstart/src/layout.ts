import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where the repository is. */
export const root: string = fileURLToPath(new URL('../../../', import.meta.url))

/** A path as it is shown: from the root of the repository, where every command of the story runs. */
export function shown(path: string): string {
  const short = relative(root, path)
  return short.startsWith('..') ? path : short || '.'
}

export const policies: string = join(root, 'policies', 'trading')

/** The files of one run of the story. Everything Lelu keeps is in `lelu`. */
export type Layout = { directory: string; lelu: string; ledger: string; threads: string }

export function layoutOf(directory: string): Layout {
  return {
    directory,
    lelu: join(directory, '.lelu'),
    ledger: join(directory, 'ledger.jsonl'),
    threads: join(directory, 'threads.json'),
  }
}

/** The layout that belongs to `LELU_DIRECTORY`: the one variable that the agent and the CLI share. */
export function layoutFromEnvironment(): Layout {
  const lelu = process.env.LELU_DIRECTORY
  if (lelu === undefined || lelu === '') {
    throw new Error(
      'Set LELU_DIRECTORY to the .lelu folder of the quickstart, as its first lines say.',
    )
  }
  return layoutOf(dirname(resolve(lelu)))
}
