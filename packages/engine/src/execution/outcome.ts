import { types } from 'node:util'
import type { Approval, FailedResult } from '../approvals/record.ts'
import { toWellFormed } from '../request/unicode.ts'
import type { Decision, Effect, Json, Reason, ToolCall } from '../types.ts'
import { takeNotRun } from './not-run.ts'

/** What the engine tells the tool about its run. */
export type ToolRun = {
  decision: Decision
  /** Null when the policy allowed the call outright. */
  approval: Approval | null
  /** Names this effect. Hand it to a target that can refuse a second one (an idempotency key). */
  idempotencyKey: string
}

/** Runs the tool. `call.input` is exactly what was decided on, or what the reviewer made of it. */
export type Execute<T> = (call: ToolCall, run: ToolRun) => T | Promise<T>

/**
 * What became of a call: it ran, it waits for a person and nothing ran, or it was refused and nothing will.
 */
export type Outcome<T> =
  /** `replayed`: the tool ran earlier; this is its kept result. */
  | { status: 'executed'; value: T; decision: Decision; approval?: Approval; replayed?: true }
  | { status: 'suspended'; approval: Approval; decision: Decision }
  | { status: 'denied'; decision: Decision; approval?: Approval }

/** The decision as the model must read it after a person, the clock or a new policy has ended the call. */
export function overruled(decision: Decision, reason: Reason): Decision {
  const effect: Effect = 'deny'
  return { ...decision, effect, reasons: [reason] }
}

/** Longest result that is kept for replay, in characters of JSON. Longer ones keep their digest only. */
export const maxKeptResult: number = 64 * 1024

/** The value as JSON when it survives the round trip unchanged in kind, else undefined. */
export function asJson(value: unknown): { text: string; json: Json } | undefined {
  try {
    const text = JSON.stringify(value)
    return text === undefined ? undefined : { text, json: JSON.parse(text) as Json }
  } catch {
    return undefined
  }
}

/** What JSON makes something else of, or nothing: its replay would not be what the first caller got. */
const isLost = (value: unknown): boolean =>
  (typeof value === 'number' && !Number.isFinite(value)) ||
  types.isMap(value) ||
  types.isSet(value) ||
  types.isNativeError(value) ||
  types.isRegExp(value) ||
  types.isPromise(value) ||
  ArrayBuffer.isView(value) ||
  types.isAnyArrayBuffer(value)

/** An object of a class that shows nothing (a Response, a stream, private state) would be an empty one. */
function isOpaque(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  const isPlain = prototype === Object.prototype || prototype === null || Array.isArray(value)
  return !isPlain && Object.keys(value).length === 0
}

/** Whether a value that has a JSON text says the same in it. Members that are undefined are no loss. */
export function isKept(value: unknown): boolean {
  if (isLost(value)) return false
  if (typeof value !== 'object' || value === null) return true
  if (types.isDate(value)) return !Number.isNaN(value.getTime())
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return true
  return !isOpaque(value) && Object.values(value).every(isKept)
}

/** How a call ended that threw. An aborted one may still be at work, so nobody knows whether it takes effect. */
export function endOf(error: unknown): FailedResult | { status: 'unknown' } {
  try {
    return readEnd(error)
  } catch {
    // A tool may throw anything, also what throws when it is looked at.
    return { status: 'failed', message: 'The tool threw something that cannot be read.' }
  }
}

function readEnd(error: unknown): FailedResult | { status: 'unknown' } {
  if (isAbort(error)) return { status: 'unknown' }
  if (takeNotRun(error)) return { status: 'not_run', message: error.message }
  const message = String(error instanceof Error ? error.message : error)
  const code = codeOf(error)
  // What is cut may end within a character, which the log would not take.
  const text = toWellFormed(message.slice(0, 2000))
  return { status: 'failed', message: text, ...(code !== undefined && { code }) }
}

/** `AbortSignal.timeout` has a name of its own; its tool works on as well. */
function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError')
}

/** A word such as ECONNREFUSED, by which failures are counted. Anything else could hold data, and the log is for ever. */
function codeOf(error: unknown): string | undefined {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' && /^[A-Z][A-Z_]{1,63}$/.test(code) ? code : undefined
}
