import type { CallEvidence, ConfidenceReader, ConfidenceSignal } from '@lelu/confidence'
import { type Answer, isPending } from '../answer.ts'
import { gateRequest, withConfidence } from '../request/gate.ts'

/** How long a reader may take, in ms: longer than the models it may ask are given, one after the other. */
export const defaultConfidenceMs = 60_000

/** A reader that fails has found nothing: the engine counts it as confidence 0, and the record says `invalid`. */
const found = (error: string): ConfidenceSignal => ({
  method: 'external',
  trust: 'adapter',
  value: null,
  score: null,
  evidence: { error },
})

const unreadable = found('the confidence reader failed')
const late = found('the confidence reader did not answer in time')

const anyRequest = gateRequest({
  subject: { id: 'reader', type: 'service' },
  call: { id: 'reader', tool: 'reader', input: null },
})

/** Throws for a signal that the engine would refuse, and the whole call with it. */
function checked(signal: ConfidenceSignal | null | undefined): ConfidenceSignal | undefined {
  if (signal === undefined || signal === null) return undefined
  withConfidence(anyRequest, signal)
  return signal
}

/**
 * What the reader makes of the evidence, at once where it does. Never throws and never hangs: a reader that fails, is
 * late, or answers what is no signal found nothing.
 */
export function readConfidence(
  reader: ConfidenceReader | undefined,
  evidence: () => CallEvidence | Promise<CallEvidence>,
  timeoutMs: number = defaultConfidenceMs,
): Answer<ConfidenceSignal | undefined> {
  if (reader === undefined) return undefined
  try {
    const given = evidence()
    const signal = isPending(given) ? given.then(reader) : reader(given)
    return isPending(signal) ? inTime(signal, timeoutMs) : checked(signal)
  } catch {
    return unreadable
  }
}

async function inTime(
  signal: Promise<ConfidenceSignal | undefined>,
  timeoutMs: number,
): Promise<ConfidenceSignal | undefined> {
  let timer: NodeJS.Timeout | undefined
  const end = new Promise<ConfidenceSignal>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, late)
  })
  try {
    return checked(await Promise.race([signal, end]))
  } catch {
    return unreadable
  } finally {
    clearTimeout(timer)
  }
}
