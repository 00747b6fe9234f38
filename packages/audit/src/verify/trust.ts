import type { StoredKey } from '../read/source.ts'
import type { ParsedCheckpoint } from '../tlog/checkpoint.ts'
import { formatVkey, parseVkey, type VerifierKey } from '../tlog/keys.ts'
import { type KeyFile, parseKeyFile, successorsOf } from '../tlog/rotation.ts'
import { checkTrust, parseTrustPolicy, withSuccessors } from '../tlog/trust-policy.ts'
import type { TrustPolicy } from '../tlog/trust-policy-text.ts'

/** Whom verifying believes. */
export type Trust = {
  /** `policy`: whoever verifies has said it. `own`: the keys that lie beside the log, which prove no origin. `none`: there are none. */
  from: 'policy' | 'own' | 'none'
  judge(checkpoint: ParsedCheckpoint): Judgement
}

/** `time`: when it was signed, ISO 8601, as the signer says. */
export type Judgement = { trusted: boolean; why: string; time: string | null }

/**
 * A trust policy, with the keys that were rotated to from its own, by the statements in the key files. Without a policy
 * all keys that lie beside the log count. Throws `LELU_AUDIT_TRUST_INVALID`.
 */
export function createTrust(policyText: string | undefined, stored: readonly StoredKey[]): Trust {
  const files = stored.flatMap(({ text }) => parseKeyFile(text) ?? [])
  const policy = policyText === undefined ? ownPolicy(files) : policyWith(policyText, files)
  const from = policyText !== undefined ? 'policy' : files.length > 0 ? 'own' : 'none'
  return {
    from,
    judge(checkpoint) {
      const { trusted, why, times } = checkTrust(policy, checkpoint)
      // The latest: with witnesses it is when the last one had seen it.
      const seconds = Math.max(...times.map(({ time }) => time))
      const time = Number.isFinite(seconds) ? isoTime(seconds) : null
      return { trusted, why, time }
    },
  }
}

/** A policy with the keys that were rotated to from its own. */
export function policyWith(text: string, files: readonly KeyFile[]): TrustPolicy {
  const policy = parseTrustPolicy(text)
  const operators = files.flatMap(({ operator, rotation }) => [
    operator,
    ...(rotation ? [rotation.from] : []),
  ])
  const logs = policy.logs.flatMap((log) => {
    // The same key under the name of the log, which rotations are stated under.
    const operator = operators.find(
      ({ raw, name }) => raw.equals(log.raw) && log.name.startsWith(`${name}/`),
    )
    const later = operator === undefined ? [] : successorsOf(operator, files)
    return [log, ...later.map(({ raw }) => parseVkey(formatVkey(log.name, 0x01, raw)))]
  })
  return withSuccessors({ ...policy, logs }, (key) =>
    key.type === 0x04 ? successorsOf(key, files) : [],
  )
}

function ownPolicy(files: readonly KeyFile[]): TrustPolicy {
  const keys: VerifierKey[] = files.map(({ operator }) => operator)
  return {
    logs: [],
    witnesses: new Map([['operator', keys]]),
    groups: new Map(),
    quorum: 'operator',
  }
}

/** Null for a second that no calendar has. */
export function isoTime(seconds: number): string | null {
  const time = new Date(seconds * 1000)
  return Number.isNaN(time.getTime()) ? null : time.toISOString()
}

/** The log and the stream of an origin `<log>/<stream>`. */
export function originParts(origin: string): { log: string; stream: string } {
  const split = origin.lastIndexOf('/')
  return { log: origin.slice(0, Math.max(split, 0)), stream: origin.slice(split + 1) }
}
