import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { SigningKeys } from '../../src/sign/signing-keys.ts'
import {
  type ParsedCheckpoint,
  parseCheckpoint,
  signCheckpoint,
} from '../../src/tlog/checkpoint.ts'
import { temporaryFolder } from '../support.ts'
import { checkpointOf, leavesOf, log } from '../tlog/support.ts'

export const files = (folder: string): string[] => readdirSync(folder).sort()

export const keyFile = (folder: string, number = 1): string =>
  join(folder, `signing-keys.${number}.json`)

/** A folder that does not exist yet, and options with a clock that tests move. */
export function fresh(): {
  clock: { time: number }
  folder: string
  options: { folder: string; log: string; now: () => number }
} {
  const clock = { time: Date.UTC(2027, 0, 1) }
  const folder = join(temporaryFolder(), 'keys')
  return { clock, folder, options: { folder, log, now: () => clock.time } }
}

export function signedBy(keys: SigningKeys): ParsedCheckpoint {
  const text = signCheckpoint(checkpointOf(leavesOf(3)), keys.signers(), 1)
  return parseCheckpoint(text) ?? expect.fail('no checkpoint')
}
