import { readNamed } from '../read-text.ts'

/** The text of a trust policy (c2sp.org/tlog-policy); whoever reads the log says what is wrong with it. */
export async function readTrust(file: string): Promise<string> {
  return (await readNamed(file)).toString()
}
