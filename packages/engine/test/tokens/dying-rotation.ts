import { promises } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

/** Rotates the keys of a folder, and is killed when the new ring is about to take the place of the old one. */
promises.rename = async () => {
  process.kill(process.pid, 'SIGKILL')
}
syncBuiltinESMExports()
const { rotateKeys } = await import('../../src/index.ts')
await rotateKeys(process.argv[2] as string)
