import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { diskFiles } from '../../src/folder/file-layer.ts'
import { thisProcess } from '../../src/folder/owner.ts'
import { listUnshipped, shipEnded } from '../../src/sink/unshipped.ts'
import { fakeCheck, fakeSink } from '../fake-sink.ts'
import { temporaryFolder, writeStream } from '../support.ts'

let owners: ((when: 'before' | 'after') => void) | undefined

vi.mock(import('../../src/folder/folder.ts'), async (original) => {
  const folder = await original()
  return {
    ...folder,
    async listNames(path) {
      const isOwners = path.endsWith('owners')
      if (isOwners) owners?.('before')
      const names = await folder.listNames(path)
      if (isOwners) owners?.('after')
      return names
    },
  }
})

const stream = '01kar6w0f3z8x0000000000000'

function begin(directory: string): void {
  writeFileSync(join(directory, 'owners', `${stream}.json`), JSON.stringify(thisProcess()))
  mkdirSync(join(directory, stream), { recursive: true })
}

describe('a look for streams that have ended', () => {
  it('takes none for one that begins in the middle of it', async () => {
    const directory = temporaryFolder()
    const ended = await writeStream(directory, 1)
    owners = (when) => {
      if (when === 'after') begin(directory)
    }
    const found = await listUnshipped(directory, 'fake://archive')
    owners = undefined
    expect(found.map((one) => one.stream)).toEqual([ended])
  })

  it('that missed the note of one that is being claimed is made good before anything is shipped', async () => {
    const directory = temporaryFolder()
    const claimed = await writeStream(directory, 1)
    writeFileSync(
      join(directory, 'owners', `${claimed}.${stream}.json`),
      JSON.stringify(thisProcess()),
    )
    const sink = fakeSink()
    const options = { files: diskFiles, directory, log: 'lelu', stream: claimed, sink }
    const rest = { check: fakeCheck, keys: async () => [], segmentBytes: 1000 }
    expect(await shipEnded({ ...options, ...rest })).toBe(false)
    expect(sink.puts).toEqual([])
  })
})
