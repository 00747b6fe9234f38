import { cpSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { mkdir, readFile, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { diskFiles, type FileLayer } from '../../src/folder/file-layer.ts'

/** A disk whose power can be cut. */
export type CutDisk = {
  files: FileLayer
  /** Answers when the power is gone: from then on no operation goes on. */
  readonly gone: Promise<void>
  /** Counts as an operation: does not answer any more once the power is gone. */
  step(): Promise<void>
  /**
   * Makes of `from` what a power cut would leave of it, in `to`: everything that was synced, and of the rest whatever
   * `random` picks: any beginning of unsynced bytes (or zeros in their place), any of the unsynced names.
   */
  cut(from: string, to: string, random: () => number): void
  /** Gives back what the process held that lost its power. */
  close(): Promise<void>
}

type FileState = { synced: number }

/**
 * The real disk, with a memory of what was synced. Bytes of a file are safe after its `sync`; the name of a file or a
 * folder after `syncFolder` of the folder it is in. Where `stopAt` operations have begun, none goes on: as if the
 * process stood still in that moment.
 */
export function cutDisk(stopAt: number): CutDisk {
  const files = new Map<string, FileState>()
  /** Names whose folder was not synced since. */
  const names = new Set<string>()
  /** What a small file held before it was replaced, until the new name is durable. */
  const replaced = new Map<string, { before: Buffer | undefined; now: Buffer }>()
  const { promise: gone, resolve: go } = Promise.withResolvers<void>()
  const open = new Set<() => Promise<void>>()
  let operations = 0

  async function step(): Promise<void> {
    operations += 1
    if (operations <= stopAt) return
    go()
    await new Promise(() => {})
  }

  function synced(folder: string): void {
    for (const name of names) if (dirname(name) === folder) names.delete(name)
  }

  const layer: FileLayer = {
    async makeFolder(path) {
      await step()
      const first = await mkdir(path, { recursive: true, mode: 0o700 })
      if (first === undefined) return undefined
      for (let made = path; ; made = dirname(made)) {
        names.add(made)
        if (made === first) return first
      }
    },
    async create(path) {
      await step()
      const file = await diskFiles.create(path)
      names.add(path)
      const state = { synced: 0 }
      files.set(path, state)
      const close = () => (open.delete(close) ? file.close() : Promise.resolve())
      open.add(close)
      let written = 0
      return {
        async append(bytes) {
          await step()
          await file.append(bytes)
          written += bytes.length
        },
        async sync() {
          const until = written
          await step()
          await file.sync()
          state.synced = until
          await step() // the cut can come after the sync and before its answer
        },
        close,
      }
    },
    async syncFolder(path) {
      await step()
      await diskFiles.syncFolder(path)
      synced(path)
    },
    async replace(path, bytes, draft) {
      await step()
      const before = await readFile(path).catch(() => undefined)
      replaced.set(path, { before, now: bytes })
      await diskFiles.replace(path, bytes, draft)
      await step()
      replaced.delete(path)
      synced(dirname(path))
    },
    async rename(from, to) {
      await step()
      await rename(from, to)
      const state = files.get(from)
      if (state !== undefined) files.set(to, state)
      names.add(to)
      await layer.syncFolder(dirname(to))
    },
  }

  function cut(from: string, to: string, random: () => number): void {
    const there = (path: string) => join(to, path.slice(from.length))
    mkdirSync(to, { recursive: true })
    cpSync(from, to, { recursive: true, preserveTimestamps: true })
    for (const [path, state] of files) {
      const bytes = read(there(path))
      if (bytes === undefined || bytes.length <= state.synced) continue
      const kept = state.synced + Math.floor(random() * (bytes.length - state.synced + 1))
      truncateSync(there(path), kept)
      // The size reached the disk before the bytes did: some file systems then show zeros.
      if (random() < 0.2) {
        const zeros = Buffer.alloc(Math.floor(random() * (bytes.length - kept + 1)))
        writeFileSync(there(path), Buffer.concat([bytes.subarray(0, kept), zeros]))
      }
    }
    for (const [path, { before, now }] of replaced) {
      const left = random() < 0.5 ? before : now
      rmSync(`${there(path)}.tmp`, { force: true })
      if (random() < 0.3) writeFileSync(`${there(path)}.tmp`, now.subarray(0, 10))
      if (left === undefined) rmSync(there(path), { force: true })
      else writeFileSync(there(path), left)
    }
    for (const path of names) {
      if (random() < 0.5) rmSync(there(path), { recursive: true, force: true })
    }
  }

  return {
    files: layer,
    gone,
    step,
    cut,
    async close() {
      for (const one of open) await one()
    },
  }
}

function read(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch {
    return undefined
  }
}
