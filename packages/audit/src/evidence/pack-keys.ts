import type { LogSource } from '../read/source.ts'
import { logKeyKey } from '../sink/layout.ts'
import type { AuditSink } from '../sink/sink.ts'
import { formatVkey, type VerifierKey } from '../tlog/keys.ts'
import { parseKeyFile } from '../tlog/rotation.ts'
import { operatorPolicy } from '../tlog/trust-policy.ts'

export type PackedKeys = {
  /** The names of the key files, and their texts. */
  ids: string[]
  texts: string[]
  /** The operator's keys of the type 0x04. */
  operators: VerifierKey[]
  /** The vkeys of those that no other key introduced. More than one: the first key was lost, or somebody added his own. */
  roots: string[]
}

/** Copies the public keys of a log into the pack, as they are. */
export async function packKeys(source: LogSource, pack: AuditSink): Promise<PackedKeys> {
  const packed: PackedKeys = { ids: [], texts: [], operators: [], roots: [] }
  for (const { log, file, text } of await source.keys()) {
    const key = parseKeyFile(text)
    const id = file.slice(file.lastIndexOf('/') + 1)
    const name = log ?? key?.operator.name
    if (name === undefined || !/^[0-9a-f]{8}$/.test(id)) continue
    await pack.put(logKeyKey(name, id), Buffer.from(text), 'text/plain; charset=utf-8')
    packed.ids.push(id)
    packed.texts.push(text)
    if (key === undefined) continue
    const { operator, rotation } = key
    packed.operators.push(operator)
    if (rotation === undefined) {
      packed.roots.push(formatVkey(operator.name, 0x04, operator.raw))
    }
  }
  return packed
}

/** Trusts the first key of the log; keys that were rotated to follow from it. Undefined for a log that was never signed. */
export function policyOf({ roots }: PackedKeys): string | undefined {
  const [first, ...more] = roots
  if (first === undefined) return undefined
  if (more.length === 0) return operatorPolicy(first)
  const names = roots.map((_, index) => `operator-${index + 1}`)
  const witnesses = roots.map((vkey, index) => `witness ${names[index]} ${vkey}\n`)
  return `${witnesses.join('')}group operators any ${names.join(' ')}\nquorum operators\n`
}

/** For tools that know one key name a log, such as Go's: the operator's keys as the signers of each stream (type 0x01). */
export function streamVkeys(
  streams: readonly { log: string; stream: string }[],
  { operators }: PackedKeys,
): string {
  const lines = streams.flatMap(({ log, stream }) =>
    operators
      .filter(({ name }) => name === log)
      .map(({ raw }) => `${formatVkey(`${log}/${stream}`, 0x01, raw)}\n`),
  )
  return lines.join('')
}
