import { ConfidenceError } from './errors.ts'
import type { ConfidenceReader } from './evidence.ts'
import { external } from './external.ts'
import { safeModel } from './safe-text.ts'
import type { ConfidenceSignal } from './signal.ts'

/** Of `selfReport` and `inputField`. */
export type SelfReportOptions = {
  /** The field that is added to every tool's schema. Default `confidence`. */
  field?: string
  /** Also read a text such as `85%`. Default false. */
  percent?: boolean
}

const description =
  'How sure you are that this call, with exactly these values, is what the user asked for: from 0 to 1.'

/**
 * Asks the model itself, in a field that the adapter adds to each tool and takes out of the input: the weakest signal
 * and the easiest to game, hence `trust: 'claimed'`. A model that leaves the field out has reported nothing.
 */
export function selfReport(options: SelfReportOptions = {}): ConfidenceReader {
  const { field = 'confidence', percent = false } = options
  checkName(field)
  const read: ConfidenceReader = ({ reported, model }) =>
    reported === undefined ? undefined : claimed(reported, percent, model)
  const added = { name: field, schema: { type: 'number', description } }
  return Object.assign(read, { added })
}

/** The same from a field that the tool itself has: it stays in the input, where tool and policy see it. */
export function inputField(
  name: string,
  { percent = false }: Pick<SelfReportOptions, 'percent'> = {},
): ConfidenceReader {
  checkName(name)
  return ({ call: { input }, model }) => {
    if (typeof input !== 'object' || input === null || Array.isArray(input)) return undefined
    return Object.hasOwn(input, name) ? claimed(input[name], percent, model) : undefined
  }
}

function claimed(value: unknown, percent: boolean, model: string | undefined): ConfidenceSignal {
  const text =
    percent && typeof value === 'string' ? /^(\d{1,3}(?:\.\d+)?)\s*%$/.exec(value.trim()) : null
  const number = text === null ? value : Number(text[1]) / 100
  const signal = external(number, { method: 'verbalized', trust: 'claimed', ...safeModel(model) })
  if (signal.value !== null) return signal
  const reason =
    typeof value === 'number' ? 'not between 0 and 1' : `not a number but ${kindOf(value)}`
  return { ...signal, evidence: { reason } }
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value
}

function checkName(name: unknown): void {
  if (typeof name === 'string' && name !== '') return
  throw new ConfidenceError(
    'The name of the field with the confidence is not a text.',
    'Pass the name of a field, such as confidence.',
  )
}
