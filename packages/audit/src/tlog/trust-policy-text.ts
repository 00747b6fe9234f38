import { AuditError } from '../errors.ts'
import { parseVkey, type SignatureType, type VerifierKey } from './keys.ts'

/** Whose signatures a checkpoint needs (C2SP tlog-policy). */
export type TrustPolicy = {
  /** One of them has to sign, as the checkpoint's origin. With none, the caller knows which origin belongs here. */
  logs: readonly VerifierKey[]
  /** Keys of each witness: the one of the policy, and those that were rotated to from it. Any of them counts. */
  witnesses: ReadonlyMap<string, readonly VerifierKey[]>
  /** `none`, or the name of a witness or group. */
  quorum: string
  groups: ReadonlyMap<string, { threshold: number; members: readonly string[] }>
}

type Draft = {
  logs: VerifierKey[]
  witnesses: Map<string, VerifierKey[]>
  groups: Map<string, { threshold: number; members: string[] }>
  quorum?: string
  /** Names that are a group's member already: each is one once. */
  members: Set<string>
}

/** Reads the lines of C2SP tlog-policy. Throws `LELU_AUDIT_TRUST_INVALID` with the number of the line. */
export function parsePolicyLines(text: string): TrustPolicy {
  const draft: Draft = { logs: [], witnesses: new Map(), groups: new Map(), members: new Set() }
  const lines = text.split('\n')
  for (const [index, line] of lines.entries()) {
    try {
      readLine(draft, line)
    } catch (error) {
      throw invalid(index + 1, (error as Error).message, error)
    }
  }
  if (draft.quorum === undefined) throw invalid(lines.length, 'there is no quorum line')
  const { logs, witnesses, groups, quorum } = draft
  return { logs, witnesses, groups, quorum }
}

function readLine(draft: Draft, line: string): void {
  // Any other space would make two lines that look the same mean two things.
  if (/(?!\t|[\u{80}-\u{9f}])\p{Cc}/u.test(line)) throw new Error('it has a control character')
  const [word, ...rest] = line.split(/[ \t]+/).filter((part) => part !== '')
  if (word === undefined || word.startsWith('#')) return
  if (!Object.hasOwn(readers, word)) {
    throw new Error(`it begins with no word of a trust policy: ${word}`)
  }
  readers[word]?.(draft, rest)
}

const readers: Record<string, (draft: Draft, words: string[]) => void> = {
  log: readLog,
  witness: readWitness,
  group: readGroup,
  quorum: readQuorum,
}

function readLog({ logs }: Draft, [vkey, , ...more]: string[]): void {
  if (vkey === undefined || more.length > 0) throw new Error('it is not: log <vkey> [<url>]')
  const key = readKey(vkey, [0x01, 0x06], 'a log')
  if (logs.some(({ raw }) => raw.equals(key.raw))) throw new Error('a log has this key already')
  logs.push(key)
}

function readWitness(draft: Draft, [name, vkey, , ...more]: string[]): void {
  if (name === undefined || vkey === undefined || more.length > 0) {
    throw new Error('it is not: witness <name> <vkey> [<url>]')
  }
  assertNew(draft, name)
  const key = readKey(vkey, [0x04, 0x06], 'a witness')
  if ([...draft.witnesses.values()].flat().some(({ raw }) => raw.equals(key.raw))) {
    throw new Error('a witness has this key already')
  }
  draft.witnesses.set(name, [key])
}

function readKey(vkey: string, types: readonly SignatureType[], whose: string): VerifierKey {
  const key = parseVkey(vkey)
  if (!types.includes(key.type)) {
    throw new Error(`a key of the type ${key.type} is not that of ${whose} (${types.join(' or ')})`)
  }
  return key
}

function readGroup(draft: Draft, [name, count, ...members]: string[]): void {
  if (name === undefined || count === undefined || members.length === 0) {
    throw new Error('it is not: group <name> all|any|<number> <name>…')
  }
  assertNew(draft, name)
  for (const member of members) {
    if (!isDefined(draft, member)) throw new Error(`nothing above it has the name ${member}`)
    // Else one witness could count twice.
    if (draft.members.has(member)) throw new Error(`${member} is a member of a group already`)
    draft.members.add(member)
  }
  const numbers: Record<string, number> = { all: members.length, any: 1 }
  const threshold = Object.hasOwn(numbers, count) ? numbers[count] : readCount(count)
  if (threshold === undefined || threshold < 1 || threshold > members.length) {
    throw new Error(`${count} is not all, any or a number from 1 to ${members.length}`)
  }
  draft.groups.set(name, { threshold, members })
}

function readCount(text: string): number | undefined {
  return /^[0-9]{1,4}$/.test(text) ? Number(text) : undefined
}

function readQuorum(draft: Draft, [name, ...more]: string[]): void {
  if (name === undefined || more.length > 0) throw new Error('it is not: quorum <name>')
  if (draft.quorum !== undefined) throw new Error('there is a quorum line already')
  if (name !== 'none' && !isDefined(draft, name))
    throw new Error(`nothing above it has the name ${name}`)
  draft.quorum = name
}

function isDefined({ witnesses, groups }: Draft, name: string): boolean {
  return witnesses.has(name) || groups.has(name)
}

function assertNew(draft: Draft, name: string): void {
  if (name === 'none' || isDefined(draft, name)) throw new Error(`the name ${name} is taken`)
}

function invalid(line: number, why: string, cause?: unknown): AuditError {
  return new AuditError(
    'LELU_AUDIT_TRUST_INVALID',
    `Line ${line} of the trust policy is not valid: ${why}.`,
    {
      help: 'Write the policy as c2sp.org/tlog-policy says: log, witness, group and one quorum line.',
      details: { line },
      cause,
    },
  )
}
