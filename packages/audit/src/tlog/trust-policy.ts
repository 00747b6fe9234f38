import type { ParsedCheckpoint } from './checkpoint.ts'
import { noteKeyOf, type VerifierKey } from './keys.ts'
import { verifySignature } from './note.ts'
import { isSignatureOf } from './signature-line.ts'
import { parsePolicyLines, type TrustPolicy } from './trust-policy-text.ts'

export type TrustResult = {
  trusted: boolean
  /** For people: which signature is missing or wrong, or who has signed. */
  why: string
  /** When each witness of the policy says that it signed, POSIX seconds. */
  times: readonly { witness: string; time: number }[]
}

/** Reads a policy file. Throws `LELU_AUDIT_TRUST_INVALID` with the line. */
export function parseTrustPolicy(text: string): TrustPolicy {
  return parsePolicyLines(text)
}

/** The text of a policy that asks for the signature of a log's operator, by the operator's vkey (type 0x04). */
export function operatorPolicy(vkey: string): string {
  return `witness operator ${vkey}\nquorum operator\n`
}

/** The same policy, that also takes the keys which `successors` finds for one of its witnesses: rotated keys. */
export function withSuccessors(
  policy: TrustPolicy,
  successors: (key: VerifierKey) => readonly VerifierKey[],
): TrustPolicy {
  const entries = [...policy.witnesses].map(
    ([name, keys]) => [name, keys.flatMap((key) => [key, ...successors(key)])] as const,
  )
  return { ...policy, witnesses: new Map(entries) }
}

/**
 * Whether the signatures of a checkpoint are those that the policy asks for. A signature that is wrong under a key
 * of the policy refuses the whole checkpoint; those of other keys are ignored. Never throws.
 */
export function checkTrust(policy: TrustPolicy, checkpoint: ParsedCheckpoint): TrustResult {
  const signed = new Set<VerifierKey>()
  const times: { witness: string; time: number }[] = []
  const known: { key: VerifierKey; witness?: string; vouches?: boolean }[] = [
    ...policy.logs.map((key) => ({ key })),
    ...[...policy.witnesses].flatMap(([witness, keys]) => keys.map((key) => ({ key, witness }))),
    ...originKeysOf(policy, checkpoint.origin).map((key) => ({ key, vouches: false })),
  ]
  for (const signature of checkpoint.signatures) {
    for (const { key, witness, vouches = true } of known) {
      // Where this Node has no ML-DSA, such a key can vouch for nothing.
      if (!isSignatureOf(signature, key) || key.publicKey === undefined) continue
      const { ok, time } = verifySignature(checkpoint.note, signature, key)
      if (!ok) return { trusted: false, why: `The signature of ${key.name} is wrong.`, times: [] }
      if (!vouches) continue
      signed.add(key)
      if (witness !== undefined && time !== undefined) times.push({ witness, time })
    }
  }
  const refuse = (why: string): TrustResult => ({ trusted: false, why, times })
  const bySomeLog = policy.logs.some((key) => signed.has(key) && key.name === checkpoint.origin)
  if (policy.logs.length > 0 && !bySomeLog) {
    return refuse(`No log of the trust policy has signed as ${checkpoint.origin}.`)
  }
  const witnessed = (name: string): boolean => {
    const group = policy.groups.get(name)
    if (group === undefined)
      return policy.witnesses.get(name)?.some((key) => signed.has(key)) ?? false
    return group.members.filter(witnessed).length >= group.threshold
  }
  if (policy.quorum !== 'none' && !witnessed(policy.quorum)) {
    return refuse(`The signatures that the trust policy asks for (${policy.quorum}) are not there.`)
  }
  // `quorum none` without logs would trust what nobody has signed.
  if (signed.size === 0) return refuse('No key of the trust policy has signed.')
  const names = [...new Set([...signed].map(({ name }) => name))]
  return { trusted: true, why: `Signed by ${names.join(' and ')}.`, times }
}

/**
 * An operator signs as the origin too, which is what other clients read: where it is there, it has to be right, or they
 * would refuse what is trusted here.
 */
function originKeysOf({ witnesses }: TrustPolicy, origin: string): VerifierKey[] {
  return [...witnesses.values()]
    .flat()
    .filter(({ type, name }) => type === 0x04 && origin.startsWith(`${name}/`))
    .map((key) => noteKeyOf(key, origin))
}
