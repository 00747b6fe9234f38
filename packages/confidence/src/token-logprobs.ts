import { endsInCalls } from './after-call.ts'
import { answerText } from './answer-text.ts'
import type { CallEvidence, ConfidenceReader } from './evidence.ts'
import { findCall, type PlacedCall } from './find-call.ts'
import { leastCertain, reasonToRefuse, refuseLogprobs, sumsBySpan } from './logprobs.ts'
import { hasOtherForm } from './other-form.ts'
import { providerTokens } from './provider-tokens.ts'
import { sameJson } from './same-json.ts'
import type { ConfidenceSignal, Json } from './signal.ts'
import { spell } from './spelling.ts'

/**
 * Reads the log-probabilities of this call's own tokens: its name and each of its values; the least certain counts.
 * Providers that give none, or only those of the text beside the calls (OpenAI), lead to no confidence. Works with
 * vLLM, llama.cpp and whatever else answers in their shapes, where the adapter gives the answer itself (`raw`).
 */
export function tokenLogprobs(): ConfidenceReader {
  return (evidence) => {
    if (evidence.logprobs === undefined || evidence.logprobs === null) return undefined
    try {
      return read(evidence)
    } catch {
      return refuseLogprobs('the data cannot be read', evidence.model)
    }
  }
}

function read({ call, logprobs, model, reported, raw }: CallEvidence): ConfidenceSignal {
  const tokens = providerTokens(logprobs)
  const reason = tokens.some(({ isSampled }) => isSampled)
    ? 'the probabilities are those after sampling'
    : reasonToRefuse(tokens)
  if (reason !== undefined) return refuseLogprobs(reason, model)

  const input = call.text ?? JSON.stringify(call.input)
  const { text, spans } = spell(tokens)
  const place = findCall(text, call.tool, input)
  if (typeof place === 'string') return refuseLogprobs(place, model)
  const shown = answerText(raw)
  if (shown === undefined) return refuseLogprobs('the text of the answer is not known', model)
  if (isQuoted(place, text, shown)) {
    return refuseLogprobs('the tool call is also written in the text of the answer', model)
  }
  if (!endsInCalls(text.slice(place.end), call.tool)) {
    return refuseLogprobs('the tool call may be a quotation, for other text follows it', model)
  }
  const beside = [text.slice(0, place.name?.start ?? place.start), text.slice(place.end)]
  if (beside.some((part) => hasOtherForm(part, call.tool))) {
    return refuseLogprobs(
      'the tool call may be a quotation, for it is there in another form',
      model,
    )
  }
  const fields = fieldsOf(JSON.parse(input) as JsonObject, call.input, reported)
  if (fields === undefined) return refuseLogprobs('the input is not what was generated', model)

  const placed = tokens.map((token, index) => ({ ...token, ...(spans[index] as Span) }))
  const touching = ({ start, end }: Span) =>
    placed.filter((token) => token.start < end && start < token.end)
  const name = place.name && touching(place.name).reduce((sum, { logprob }) => sum + logprob, 0)
  return leastCertain(
    {
      tokens: touching({ start: place.name?.start ?? place.start, end: place.end }),
      fields: sumsBySpan(
        placed,
        place.values.filter(({ field }) => fields.has(field)),
      ),
      ...(name !== undefined && { name }),
    },
    model,
  )
}

type Span = { start: number; end: number }
type JsonObject = { [key: string]: Json }

/** The text of an answer may quote a call, certain of every token of it; and the tokens may be those of the text. */
function isQuoted({ name, start, end }: PlacedCall, generated: string, shown: string[]): boolean {
  const call = generated.slice(name?.start ?? start, end)
  return shown.some((text) => text.includes(call))
}

/**
 * The fields whose tokens count: all that were generated, but for the one that the adapter took out. Undefined when
 * the input was changed since: then the tokens say nothing about it.
 */
function fieldsOf(
  generated: JsonObject,
  input: Json,
  reported: unknown,
): ReadonlySet<string> | undefined {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return undefined
  const fields = new Set<string>()
  for (const [field, value] of Object.entries(generated)) {
    if (Object.hasOwn(input, field)) {
      if (!sameJson(value, input[field])) return undefined
      fields.add(field)
    } else if (reported === undefined || !sameJson(value, reported)) return undefined
  }
  return Object.keys(input).every((field) => fields.has(field)) ? fields : undefined
}
