import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { type PolicySource, readPolicyFolder } from '@lelu/engine'
import { defaultPolicy } from './default-policy.ts'

/** The policy that decides, and where it is from: a folder, or null for the one that decides where nobody wrote any. */
export type ChosenPolicy = { source: PolicySource; folder: string | null }

type Choice = {
  cwd: string
  /** Named on the command line: it must be there. */
  named: string | undefined
  /** Of the gateway's configuration; absolute. */
  configured: string | undefined
}

/**
 * The folder that was named, else that of the configuration, else `policies` of this folder. Only where none of them is
 * there the default decides; a folder that is there and holds no policy is an error (LELU_POLICY_INVALID).
 */
export async function choosePolicy({ cwd, named, configured }: Choice): Promise<ChosenPolicy> {
  const folder = named ?? configured ?? 'policies'
  const path = resolve(cwd, folder)
  if (named === undefined && !existsSync(path)) return { source: defaultPolicy, folder: null }
  return { source: await readPolicyFolder(path), folder: path }
}
