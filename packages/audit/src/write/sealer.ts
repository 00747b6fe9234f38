import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AuditError } from '../errors.ts'
import type { FileLayer } from '../folder/file-layer.ts'
import { checkpointFile } from '../folder/folder.ts'
import { isLinkError, readFlags } from '../folder/read-flags.ts'
import { parseRecord } from '../read/read.ts'
import { genesisHash } from '../record/line.ts'
import type { SigningKeys } from '../sign/signing-keys.ts'
import { parseCheckpoint, signCheckpoint } from '../tlog/checkpoint.ts'
import { hashBytes } from '../tlog/leaves.ts'
import { createTree, type Tree } from '../tlog/merkle.ts'
import { type Place, readLeaves, streamStart } from './read-leaves.ts'

/** A signed checkpoint: the stream's first `size` records have the RFC 6962 root `root` (base64). */
export type Sealed = { size: number; root: string; text: string }

/** Signs checkpoints of one stream. One process at a time. */
export interface Sealer {
  /** The newest checkpoint; undefined before the first. */
  readonly sealed: Sealed | undefined
  /**
   * Signs the records with these leaf hashes (32 bytes each) behind those that are signed, once they are on disk. They are
   * read back from there: what is signed is what was written, what anybody will read, and continues what was signed before.
   */
  seal(leaves: Buffer): Promise<Sealed>
}

export type SealerOptions = {
  files: FileLayer
  directory: string
  log: string
  stream: string
  keys: () => Promise<SigningKeys>
  now: () => number
}

export function createSealer(options: SealerOptions): Sealer {
  const { files, directory, log, stream, keys, now } = options
  const path = join(directory, stream, checkpointFile)
  let sealed: Sealed | undefined
  let tree: Tree = createTree()
  let place: Place = streamStart

  /** Whoever puts an older checkpoint back, or writes one of his own, must not have the next one built on it. */
  async function assertUntouched(): Promise<void> {
    // The tree was grown from what was signed: it fits this text, and no other.
    if ((await readCheckpoint(path)) !== sealed?.text)
      throw altered(stream, 'its checkpoint was replaced on the disk')
  }

  async function seal(leaves: Buffer): Promise<Sealed> {
    const grown = tree.copy()
    const count = leaves.length / hashBytes
    const found = Buffer.alloc(hashBytes)
    let at = place
    for await (const run of readLeaves(directory, stream, place, count)) {
      for (const leaf of run.leaves) {
        const start = (grown.size - tree.size) * hashBytes
        found.write(leaf, 'base64')
        const isWritten = found.compare(leaves, start, start + hashBytes) === 0
        if (!isWritten) throw altered(stream, notWritten(grown.size))
        grown.append(leaf)
      }
      at = { file: run.file, offset: run.ends.at(-1) as number }
    }
    if (grown.size !== tree.size + count) throw altered(stream, notWritten(grown.size))
    await assertUntouched()
    const root = grown.root()
    const signers = (await keys()).signers()
    const origin = `${log}/${stream}`
    const text = signCheckpoint({ origin, size: grown.size, root }, signers, posix(now()))
    await files.replace(path, Buffer.from(text))
    tree = grown
    place = at
    sealed = { size: grown.size, root: root.toString('base64'), text }
    return sealed
  }

  return {
    get sealed() {
      return sealed
    },
    seal,
  }
}

/**
 * Signs the end of a stream whose process is gone. Undefined when its last checkpoint does not fit what is on disk:
 * then nothing is signed, and verify will say so.
 */
export async function sealEnded(
  options: SealerOptions & { head: { seq: number; leaf: string } },
): Promise<Sealed | undefined> {
  const { files, directory, log, stream, keys, now, head } = options
  const path = join(directory, stream, checkpointFile)
  const text = await readCheckpoint(path)
  const signed = text === undefined ? undefined : parseCheckpoint(text)
  const origin = `${log}/${stream}`
  if (text !== undefined && signed?.origin !== origin) return undefined
  const tree = createTree()
  let last = genesisHash(log, stream)
  for await (const { leaves, line } of readLeaves(directory, stream, streamStart, head.seq + 1)) {
    for (const [n, leaf] of leaves.entries()) {
      // What a checkpoint covers its root vouches for; behind it the chain does.
      const isSigned = signed !== undefined && tree.size < signed.size
      if (!isSigned && parseRecord(String(line(n)))?.prev !== last) return undefined
      tree.append(leaf)
      last = leaf
      if (tree.size === signed?.size && !tree.root().equals(signed.root)) return undefined
    }
  }
  const whole = tree.size === head.seq + 1 && last === head.leaf
  if (!whole || (signed !== undefined && signed.size > tree.size)) return undefined
  const root = tree.root()
  const base64 = root.toString('base64')
  if (text !== undefined && signed?.size === tree.size)
    return { size: tree.size, root: base64, text }
  const signers = (await keys()).signers()
  const next = signCheckpoint({ origin, size: tree.size, root }, signers, posix(now()))
  await files.replace(path, Buffer.from(next))
  return { size: tree.size, root: base64, text: next }
}

/** Undefined when there is none. */
export async function readCheckpoint(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, { encoding: 'utf8', flag: readFlags })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    if (isLinkError(error)) return '' // something stands there, and it is no checkpoint
    throw error
  }
}

const notWritten = (seq: number) => `its record ${seq} is not the one that was written`

const posix = (milliseconds: number): number => Math.floor(milliseconds / 1000)

function altered(stream: string, what: string): AuditError {
  return new AuditError(
    'LELU_AUDIT_ALTERED',
    `The stream ${stream} was altered while it was written: ${what}.`,
    { help: 'Find out who can write to the folder of the log. Run: lelu audit verify' },
  )
}
