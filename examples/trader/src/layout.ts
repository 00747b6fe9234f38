import { mkdirSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../../', import.meta.url))

export const policies: string = fileURLToPath(new URL('../policies', import.meta.url))

/** The files of one trader: delete the folder and it starts anew. */
export type Layout = {
  /** The broker's database: cash, positions, orders. */
  broker: string
  /** The conversation, as LangGraph keeps it. */
  threads: string
  /** Lelu's folder: approvals, keys, audit log. */
  lelu: string
}

export function makeLayout(folder: string): Layout {
  mkdirSync(folder, { recursive: true })
  return {
    broker: join(folder, 'broker.db'),
    threads: join(folder, 'threads.json'),
    lelu: join(folder, '.lelu'),
  }
}

/** Where the files go: what `--data` names, seen from where the command was typed, or the example's own folder. */
export function dataFolder(named: string | undefined): string {
  if (named === undefined) return join(root, 'examples/trader/data')
  return resolve(process.env.INIT_CWD ?? '.', named)
}

/** A path as it can be typed in the folder of the repository. */
export function shown(path: string): string {
  const short = relative(root, path)
  return short.startsWith('..') ? path : short
}
