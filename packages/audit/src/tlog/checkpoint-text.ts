import { decodeBase64 } from './base64.ts'

/** The head of a stream's tree: its name, how many records, and their root hash of 32 bytes. */
export type Checkpoint = { origin: string; size: number; root: Buffer }

/** The note text of a checkpoint (C2SP tlog-checkpoint), without extension lines. */
export function checkpointText({ origin, size, root }: Checkpoint): string {
  const text = `${origin}\n${size}\n${root.toString('base64')}\n`
  if (parseCheckpointText(text) === undefined) {
    throw new RangeError(
      'A checkpoint has an origin of one line, a whole size and a root of 32 bytes.',
    )
  }
  return text
}

/** Reads a note text as a checkpoint; extension lines are read over, as C2SP tlog-checkpoint allows. Undefined when it is none. */
export function parseCheckpointText(text: string): Checkpoint | undefined {
  const lines = text.split('\n')
  if (lines.pop() !== '' || lines.length < 3 || lines.includes('')) return undefined
  const [origin = '', sizeText = '', rootText = ''] = lines
  const size = parseSize(sizeText)
  const root = decodeBase64(rootText)
  if (size === undefined || root?.length !== 32) return undefined
  return { origin, size, root }
}

/** Whether a checkpoint's note text has nothing behind its root. */
export function hasNoExtensions(text: string): boolean {
  return text.split('\n').length === 4
}

/** A whole number in decimal, without leading zeros, that a double holds exactly. */
export function parseSize(text: string): number | undefined {
  if (!/^(0|[1-9][0-9]{0,15})$/.test(text)) return undefined
  const size = Number(text)
  return Number.isSafeInteger(size) ? size : undefined
}
