import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { diskFiles } from '../../src/folder/file-layer.ts'
import { keyPublisher } from '../../src/sign/publish-keys.ts'
import { openSigningKeys } from '../../src/sign/signing-keys.ts'
import { temporaryFolder } from '../support.ts'

describe('the public keys of a log', () => {
  it('are published whole by many processes that do so at once', async () => {
    const folder = `${temporaryFolder()}.keys`
    const keys = await openSigningKeys({ folder, log: 'lelu', now: Date.now })
    const [{ name = '', text = '' } = {}] = keys.publicFiles()
    for (let round = 0; round < 10; round += 1) {
      const directory = join(temporaryFolder(), 'log')
      mkdirSync(directory)
      // A publisher each, as each process has its own.
      const publishers = Array.from({ length: 8 }, () => keyPublisher(diskFiles, directory))
      await Promise.all(publishers.map((publish) => publish(keys)))
      expect(readdirSync(join(directory, 'keys'))).toEqual([name])
      expect(readFileSync(join(directory, 'keys', name), 'utf8')).toBe(text)
    }
  })
})
