import type { AnsweredCall } from './evidence.ts'
import { logit } from './log-odds.ts'
import { safeModel, shown } from './safe-text.ts'
import { sameJson } from './same-json.ts'
import type { ConfidenceSignal, Json } from './signal.ts'

/**
 * When two values of a field count as the same. `tolerance` is relative to the value of the call itself (0.01 is 1 %),
 * `absolute` in the field's own unit; within either is enough. `ignore` is for free text that no decision hangs on.
 */
export type FieldRule = 'exact' | 'ignore' | { tolerance: number; absolute?: number }

/** What another model would call, or why that is not known. */
export type Opinion = readonly AnsweredCall[] | 'timeout' | 'failed'

/** Of `agreement`. */
export type AgreementOptions = {
  /** By top-level field of the input; a field that is not named is `exact`. */
  fields?: Readonly<Record<string, FieldRule>>
  /** The calls in front of this one in the same answer. One that is the same has used an opinion's call up. */
  before?: readonly AnsweredCall[]
  /** Who made the call. */
  model?: string
}

/**
 * The share of opinions that make this very call: the same tool, and the same input field by field. An opinion that is
 * missing disagrees. No opinion at all gives value null. Never throws.
 */
export function agreement(
  call: AnsweredCall,
  opinions: readonly Opinion[],
  { fields = {}, before = [], model }: AgreementOptions = {},
): ConfidenceSignal {
  const found = opinions.map((opinion) => compare(call, opinion, before, fields))
  const agree = found.filter((one) => one === 'agrees').length
  const value = found.length === 0 ? null : agree / found.length
  return {
    method: 'agreement',
    trust: 'adapter',
    value,
    score: value === null ? null : logit(value),
    samples: found.length,
    evidence: { agree, of: found.length, opinions: found },
    ...safeModel(model),
  }
}

/** `agrees`, a word for why it does not, or the fields that differ in the closest call of the same tool. */
function compare(
  call: AnsweredCall,
  opinion: Opinion,
  before: readonly AnsweredCall[],
  rules: Readonly<Record<string, FieldRule>>,
): Json {
  if (!Array.isArray(opinion)) return opinion === 'timeout' ? 'timeout' : 'failed'
  try {
    if (opinion.length === 0) return 'no_call'
    const differences = (calls: readonly AnsweredCall[]) =>
      calls
        .filter(({ tool }) => tool === call.tool)
        .map(({ input }) => differing(call.input, input, rules))
        .sort((one, other) => one.length - other.length)
    const same = (calls: readonly AnsweredCall[]) =>
      differences(calls).filter(({ length }) => length === 0).length
    const [closest] = differences(opinion)
    if (closest === undefined) return 'other_tool'
    if (closest.length > 0) return { differs: closest.slice(0, 16).map(shown) }
    return same(opinion) > same(before) ? 'agrees' : 'fewer_calls'
  } catch {
    return 'failed' // not calls, or nested too deeply to compare
  }
}

function isObject(value: Json): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function differing(mine: Json, other: Json, rules: Readonly<Record<string, FieldRule>>): string[] {
  if (!isObject(mine) || !isObject(other)) return sameJson(mine, other) ? [] : ['']
  const names = new Set([...Object.keys(mine), ...Object.keys(other)])
  return [...names].filter((name) => {
    // The names are a model's: `constructor` must not find what every object inherits.
    const rule = Object.hasOwn(rules, name) ? rules[name] : 'exact'
    if (rule === 'ignore') return false
    if (!Object.hasOwn(mine, name) || !Object.hasOwn(other, name)) return true
    return !isSame(mine[name], other[name], rule)
  })
}

function isSame(mine: unknown, other: unknown, rule: FieldRule | undefined): boolean {
  if (typeof rule !== 'object' || typeof mine !== 'number' || typeof other !== 'number') {
    return sameJson(mine, other)
  }
  const { tolerance, absolute = 0 } = rule
  // 1e999 is Infinity: any number would be within a part of it.
  if (!Number.isFinite(mine)) return false
  return Math.abs(mine - other) <= Math.max(tolerance * Math.abs(mine), absolute)
}
