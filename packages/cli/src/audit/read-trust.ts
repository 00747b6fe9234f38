import { readFile } from 'node:fs/promises'

/** The text of a trust policy (c2sp.org/tlog-policy); whoever reads the log says what is wrong with it. */
export async function readTrust(file: string): Promise<string> {
  return readFile(file, 'utf8')
}
