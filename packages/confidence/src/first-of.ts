import { ConfidenceError } from './errors.ts'
import type { CallEvidence, ConfidenceReader } from './evidence.ts'
import { external } from './external.ts'
import { type ConfidenceSignal, signalStatus } from './signal.ts'

/**
 * The signal of the first reader that finds a value. When none does, the first signal that says why there is none. At
 * most one of the readers may add a field to the tools.
 */
export function firstOf(...readers: ConfidenceReader[]): ConfidenceReader {
  const added = check(readers)
  const read: ConfidenceReader = async (given) => {
    const evidence = added === undefined ? given : withoutField(given, added.name)
    let why: ConfidenceSignal | undefined
    for (const reader of readers) {
      const signal = await found(reader, evidence)
      if (signalStatus(signal) === 'ok') return signal
      why ??= signal
    }
    return why
  }
  return added === undefined ? read : Object.assign(read, { added })
}

async function found(
  reader: ConfidenceReader,
  evidence: CallEvidence,
): Promise<ConfidenceSignal | undefined> {
  try {
    return await reader(evidence)
  } catch {
    return external(undefined, { evidence: { reason: 'a reader failed' } })
  }
}

/** To the other readers the field is no part of the call, whether or not the adapter has taken it out already. */
function withoutField(evidence: CallEvidence, name: string): CallEvidence {
  const { call, reported } = evidence
  const { input } = call
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return evidence
  if (reported === undefined || !Object.hasOwn(input, name)) return evidence
  const { [name]: _, ...rest } = input
  // What was generated is the text with the field.
  const { text = JSON.stringify(input) } = call
  return { ...evidence, call: { ...call, input: rest, text } }
}

function check(readers: readonly ConfidenceReader[]): ConfidenceReader['added'] {
  if (readers.length === 0 || readers.some((reader) => typeof reader !== 'function')) {
    throw new ConfidenceError(
      'firstOf() takes readers, and at least one.',
      'Pass functions such as tokenLogprobs(), selfReport().',
    )
  }
  const [one, another] = readers.flatMap(({ added }) => (added === undefined ? [] : [added]))
  if (another === undefined) return one
  throw new ConfidenceError(
    'Two readers of firstOf() add a field to the tools, but only one can be asked for.',
    'Keep one selfReport(); a field that the tools have themselves is read with inputField().',
  )
}
