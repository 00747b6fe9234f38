import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type PolicySource, readPolicyFolder } from '@lelu/engine'
import { defaultPolicy } from './default-policy.ts'

/** The policy that decides, and where it is from: a folder, or null for the one that decides where nobody wrote any. */
export type ChosenPolicy = { source: PolicySource; folder: string | null }

type Choice = {
  /** Named by a flag or in the configuration: it must be there. Absolute. */
  named: string | undefined
  /** Where `policies` is looked for otherwise. */
  beside: string
}

/**
 * The folder that was named, else `policies` beside the configuration. Only where that is not there does the default
 * decide. Throws `LELU_POLICY_NOT_FOUND` for a named folder that is not there, `LELU_POLICY_INVALID` for one without Rego.
 */
export async function choosePolicy({ named, beside }: Choice): Promise<ChosenPolicy> {
  const path = named ?? join(beside, 'policies')
  if (named === undefined && !existsSync(path)) return { source: defaultPolicy, folder: null }
  return { source: await readPolicyFolder(path), folder: path }
}
