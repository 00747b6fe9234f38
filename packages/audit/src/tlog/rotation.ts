import type { KeyObject } from 'node:crypto'
import { formatVkey, noteKeyOf, parseVkey, rawPublicKey, type VerifierKey } from './keys.ts'
import { formatNote, parseNote, signNote, verifySignature } from './note.ts'
import { isSignatureOf } from './signature-line.ts'

/** That one operator key of a log took over from another; both have signed it. The keys are of the type 0x04. */
export type Rotation = { log: string; from: VerifierKey; to: VerifierKey }

const header = 'lelu-key-rotation/v1'

/** The statement that `to` takes over from `from`, signed by both as the log. Keys are private Ed25519 keys. */
export function signRotation(log: string, from: KeyObject, to: KeyObject): string {
  const [old, young] = [from, to].map((key) => formatVkey(log, 0x04, rawPublicKey(key)))
  const text = `${header}\n${log}\n${old}\n${young}\n`
  return formatNote(
    text,
    [from, to].map((key) => signNote(text, log, key)),
  )
}

/** Reads a statement and verifies both signatures; undefined when either is missing or wrong. */
export function parseRotation(statement: string): Rotation | undefined {
  const note = parseNote(statement)
  if (note === undefined) return undefined
  const [first, log = '', old = '', young = '', last, ...more] = note.text.split('\n')
  if (first !== header || last !== '' || more.length > 0) return undefined
  const [from, to] = [readOperatorKey(old, log), readOperatorKey(young, log)]
  if (from === undefined || to === undefined || from.raw.equals(to.raw)) return undefined
  const signedBy = (operator: VerifierKey) => {
    const key = noteKeyOf(operator, log)
    const mine = note.signatures.filter((signature) => isSignatureOf(signature, key))
    return mine.length > 0 && mine.every((one) => verifySignature(note.text, one, key).ok)
  }
  return signedBy(from) && signedBy(to) ? { log, from, to } : undefined
}

function readOperatorKey(vkey: string, log: string): VerifierKey | undefined {
  try {
    const key = parseVkey(vkey)
    return key.type === 0x04 && key.name === log ? key : undefined
  } catch {
    return undefined
  }
}

/** What a log publishes of one of its keys. */
export type KeyFile = {
  /** The 0x04 key. */
  operator: VerifierKey
  /** The 0x06 key beside it. No statement vouches for it: it is trusted where a policy names it. */
  mldsa?: VerifierKey
  /** How it came to be the log's key; none for the first. `to` is `operator`. */
  rotation?: Rotation
}

/** The text of `keys/<key id>`: vkeys, one a line, and behind an empty line the statement. */
export function formatKeyFile(vkeys: readonly string[], statement?: string): string {
  const lines = vkeys.map((vkey) => `${vkey}\n`).join('')
  return statement === undefined ? lines : `${lines}\n${statement}`
}

/** Reads `keys/<key id>`; undefined when it is none, or holds a statement that does not hold or is another key's. */
export function parseKeyFile(text: string): KeyFile | undefined {
  const split = text.indexOf('\n\n')
  const lines = (split < 0 ? text : text.slice(0, split + 1)).split('\n')
  if (lines.pop() !== '' || lines.length > 2) return undefined
  const [first = '', second] = lines
  try {
    const operator = parseVkey(first)
    const mldsa = second === undefined ? undefined : parseVkey(second)
    if (operator.type !== 0x04) return undefined
    if (mldsa !== undefined && (mldsa.type !== 0x06 || mldsa.name !== operator.name)) {
      return undefined
    }
    const file = { operator, ...(mldsa === undefined ? {} : { mldsa }) }
    if (split < 0) return file
    const rotation = parseRotation(text.slice(split + 2))
    if (rotation?.log !== operator.name || !rotation.to.raw.equals(operator.raw)) return undefined
    return { ...file, rotation }
  } catch {
    return undefined
  }
}

/**
 * The operator keys that follow from a trusted one, over any number of rotations, in the order of the rotations.
 * Files that are broken, of other logs, or that no trusted key vouches for add nothing.
 */
export function successorsOf(trusted: VerifierKey, keyFiles: readonly KeyFile[]): VerifierKey[] {
  const chain = [trusted]
  for (const key of chain) {
    for (const { operator, rotation } of keyFiles) {
      if (rotation?.log !== trusted.name || !rotation.from.raw.equals(key.raw)) continue
      // Each key once: statements in a circle end here.
      if (!chain.some(({ raw }) => raw.equals(operator.raw))) chain.push(operator)
    }
  }
  return chain.slice(1)
}
