import { hash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { segmentName } from '../../src/folder/folder.ts'
import { readLeaves, streamStart } from '../../src/write/read-leaves.ts'
import { temporaryFolder } from '../support.ts'

const lineOf = (n: number) => `${JSON.stringify({ n, pad: 'x'.repeat(1000) })}\n`

/** How many lines each read of a stream of `count` lines brought, and their leaves. */
async function runsOf(count: number): Promise<{ lines: number[]; leaves: string[] }> {
  const directory = temporaryFolder()
  mkdirSync(join(directory, 's'))
  const text = Array.from({ length: count }, (_, n) => lineOf(n)).join('')
  writeFileSync(join(directory, 's', segmentName(0)), text)
  const lines: number[] = []
  const leaves: string[] = []
  for await (const run of readLeaves(directory, 's', streamStart, count)) {
    lines.push(run.leaves.length)
    leaves.push(...run.leaves)
  }
  return { lines, leaves }
}

// A process that is busy looks at one read a turn. With small reads, the checkpoint of a backlog took longer the longer
// the backlog was, until it was out of its deadline and ended the log.
it('reads a long backlog in few reads, whose number does not grow with it', async () => {
  const { lines, leaves } = await runsOf(6000)
  expect(lines.length).toBeLessThan(12)
  const expected = Array.from({ length: 6000 }, (_, n) =>
    hash('sha256', `\0${lineOf(n).trimEnd()}`, 'base64'),
  )
  expect(leaves).toEqual(expected)
})

it('reads some records in small reads, between which others have their turn', async () => {
  const { lines, leaves } = await runsOf(200)
  expect(leaves).toHaveLength(200)
  expect(Math.max(...lines)).toBeLessThan(70)
})
