import { expect, it } from 'vitest'
import { type Lost, recoverStreams } from '../../src/folder/recovery.ts'
import { newStreamName } from '../../src/write/stream-name.ts'
import { temporaryFolder, writeStream } from '../support.ts'

const failed: Lost = { cause: 'write_failed', head: undefined }

async function look(directory: string, lost: Map<string, Lost>) {
  await recoverStreams({
    ...{ directory, stream: newStreamName(undefined), lost, stopped: () => false },
    record: async () => {},
    seal: async () => undefined,
  })
}

// A disk that takes nothing for a month is tried once a second: each try has a name of its own.
it('streams that a full disk let nobody begin are forgotten once it was looked at', async () => {
  const directory = temporaryFolder()
  await writeStream(directory, 1)
  const lost = new Map(Array.from({ length: 100 }, () => [newStreamName(undefined), failed]))
  await look(directory, lost)
  expect(lost.size).toBe(0)
})

it('one that is left meanwhile is not', async () => {
  const directory = temporaryFolder()
  const lost = new Map<string, Lost>()
  const looking = look(directory, lost)
  lost.set('meanwhile', failed)
  await looking
  expect([...lost.keys()]).toEqual(['meanwhile'])
})
