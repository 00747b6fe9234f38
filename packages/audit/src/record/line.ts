import { hash } from 'node:crypto'

/** Longest line without its newline: the limit of an entry in C2SP tlog-tiles. */
export const maxLineBytes = 65_535

/** RFC 6962 §2.1: SHA-256 over 0x00 and the stored bytes of the line. */
export function leafBytes(line: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(line.length + 1)
  bytes[0] = 0
  line.copy(bytes, 1)
  return hash('sha256', bytes, 'buffer')
}

/** The hash of bytes that begin with 0x00, base64. */
export const hashOfLeaf = (leaf: Buffer): string => hash('sha256', leaf, 'base64')

/** As `leafBytes`, base64. */
export const leafHash = (line: Buffer): string => leafBytes(line).toString('base64')

/** As `leafHash`, of a text that is stored as UTF-8. */
export function leafHashOfText(line: string): string {
  return hash('sha256', `\0${line}`, 'base64')
}

/** What `prev` of the first record is: bound to the log and the stream, so that no stream can pass for another. */
export function genesisHash(log: string, stream: string): string {
  return hash('sha256', `lelu.genesis.v1\n${JSON.stringify([log, stream])}`, 'base64')
}

const sumLength = 22
const sumTailLength = sumTail('').length

/**
 * What takes the place of the closing brace of a record's canonical text: `~` sorts after every ASCII letter, so the line
 * stays canonical. The sum finds accidents in the last line, which no other line links to; whoever forges a line can also
 * forge its sum.
 */
export function sumTail(body: string | Buffer): string {
  return `,"~sum":"${hash('sha256', body, 'base64url').slice(0, sumLength)}"}`
}

/** Whether a line's sum is that of the rest of it. */
export function sumHolds(line: string): boolean {
  if (line.length <= sumTailLength) return false
  return line.slice(-sumTailLength) === sumTail(`${line.slice(0, -sumTailLength)}}`)
}
