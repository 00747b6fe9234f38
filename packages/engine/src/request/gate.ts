import { jsonText } from '@lelu/audit'
import type { ConfidenceSignal } from '@lelu/confidence'
import { LeluError } from '../errors.ts'
import type { DecisionRequest, Json, Subject, ToolCall, ToolEffect } from '../types.ts'
import { copyJson, isPlain, type JsonLimits } from './copy-json.ts'
import { deepFreeze } from './deep-freeze.ts'
import { frozenCopy } from './frozen-copy.ts'
import { at, type Members, readMembers, readNumber, readText, readWord } from './read-members.ts'
import { inputTooLarge, requestInvalid } from './request-error.ts'

/** How large a request may be (`LELU_INPUT_TOO_LARGE`). */
export type GateLimits = {
  /** Of `call.input`, and of each other JSON part, in bytes of canonical JSON. Default 1 MiB. */
  maxInputBytes?: number
  /** Nesting of arrays and objects in a JSON part. Default 64. */
  maxDepth?: number
}

/** A request that may be decided: checked, copied, frozen, its defaults filled in. */
export type GatedRequest = {
  request: DecisionRequest & { tenant: string; call: ToolCall & { effect: ToolEffect } }
  /** RFC 8785 text of `call.input`; the input itself was parsed from it. */
  inputText: string
}

/** What an engine has that was not told otherwise. */
export const defaultLimits: JsonLimits = { maxBytes: 1024 * 1024, maxDepth: 64 }

const maxSubjects = 8
/** In UTF-16 units, of the names of tenants and tools. */
export const maxName = 256
/** Of ids: of subjects, runs and calls. */
export const maxId = 1024

const requestNames = ['subject', 'call', 'confidence', 'resource', 'tenant', 'run', 'context']
const subjectNames = ['id', 'type', 'actingFor', 'properties']
const callNames = ['id', 'tool', 'input', 'effect', 'server', 'schema']
const signalNames = ['method', 'trust', 'value', 'score', 'model', 'samples', 'evidence']
const resourceNames = ['type', 'id', 'properties']

const subjectTypes = ['agent', 'user', 'service'] as const
const effects = ['read', 'idempotent', 'non_idempotent'] as const
const methods = [
  ...(['agreement', 'self_consistency', 'p_true', 'token_logprob', 'verbalized'] as const),
  ...(['external', 'none'] as const),
]
const trusts = ['engine', 'adapter', 'claimed', 'none'] as const

/**
 * The typed gate before anything else: Rego itself fails open on wrong types (a string is greater than any
 * number, so `"0.1" >= 0.9`). Throws LELU_REQUEST_INVALID with `details.path`, or LELU_INPUT_TOO_LARGE.
 * Nothing the caller does to his object afterwards changes the result.
 */
export function gateRequest(request: unknown, limits: GateLimits = {}): GatedRequest {
  return carefully(limits, (all) => gate(request, all))
}

/** The same request with a confidence that was read later. Throws as `gateRequest`. */
export function withConfidence(
  { request, inputText }: GatedRequest,
  confidence: unknown,
  limits: GateLimits = {},
): GatedRequest {
  const signal = carefully(limits, (all) => readSignal(confidence, all))
  return Object.freeze({ request: Object.freeze({ ...request, confidence: signal }), inputText })
}

function carefully<T>(limits: GateLimits, read: (limits: JsonLimits) => T): T {
  const { maxInputBytes: maxBytes = defaultLimits.maxBytes, maxDepth = defaultLimits.maxDepth } =
    limits
  try {
    return read({ maxBytes, maxDepth })
  } catch (error) {
    if (error instanceof LeluError) throw error
    // Only the trap of a Proxy, or a reader that is stricter than this one, comes here.
    throw requestInvalid(
      '',
      'could not be read',
      'Pass plain data: no Proxy, no live object.',
      error,
    )
  }
}

function gate(value: unknown, limits: JsonLimits): GatedRequest {
  const members = readMembers(value, '', requestNames)
  const { values } = members
  const { call, inputText } = readCall(values.get('call'), limits)
  const request: GatedRequest['request'] = {
    subject: readSubject(values.get('subject'), 'subject', 1, limits),
    call,
    tenant: values.has('tenant') ? readText(members, 'tenant', maxName) : 'default',
  }
  if (values.has('confidence')) request.confidence = readSignal(values.get('confidence'), limits)
  if (values.has('resource')) request.resource = readResource(values.get('resource'), limits)
  if (values.has('run')) request.run = readText(members, 'run', maxId)
  if (values.has('context')) request.context = readRecord(members, 'context', limits)
  return Object.freeze({ request: Object.freeze(request), inputText })
}

function readCall(
  value: unknown,
  limits: JsonLimits,
): { call: GatedRequest['request']['call']; inputText: string } {
  const members = readMembers(value, 'call', callNames)
  const { values } = members
  const inputText = jsonText(copyJson(values.get('input'), 'call.input', limits))
  // Three bytes a unit is the most that UTF-8 takes: small inputs need no counting.
  if (inputText.length * 3 > limits.maxBytes && Buffer.byteLength(inputText) > limits.maxBytes) {
    throw inputTooLarge('call.input', limits.maxBytes)
  }
  const call: GatedRequest['request']['call'] = {
    id: readText(members, 'id', maxId),
    tool: readText(members, 'tool', maxName),
    // Parsed from the very text that is digested: what was decided is what runs.
    input: deepFreeze(JSON.parse(inputText) as Json),
    effect: values.has('effect') ? readWord(members, 'effect', effects) : 'non_idempotent',
  }
  if (values.has('server')) call.server = readText(members, 'server', maxId)
  if (values.has('schema')) call.schema = frozenCopy(values.get('schema'), 'call.schema', limits)
  return { call: Object.freeze(call), inputText }
}

function readSubject(value: unknown, path: string, depth: number, limits: JsonLimits): Subject {
  if (depth > maxSubjects) {
    throw requestInvalid(
      path,
      `is the ${maxSubjects + 1}th subject of a chain`,
      `A chain has at most ${maxSubjects}.`,
    )
  }
  const members = readMembers(value, path, subjectNames)
  const subject: Subject = {
    id: readText(members, 'id', maxId),
    type: readWord(members, 'type', subjectTypes),
  }
  if (members.values.has('actingFor')) {
    subject.actingFor = readSubject(
      members.values.get('actingFor'),
      at(members, 'actingFor'),
      depth + 1,
      limits,
    )
  }
  if (members.values.has('properties'))
    subject.properties = readRecord(members, 'properties', limits)
  return Object.freeze(subject)
}

function readSignal(value: unknown, limits: JsonLimits): ConfidenceSignal {
  if (typeof value === 'number') {
    const help = 'Pass a signal, which says whose number it is: external(0.99) of @lelu/confidence.'
    throw requestInvalid('confidence', 'is a bare number', help)
  }
  const members = readMembers(value, 'confidence', signalNames)
  const { values } = members
  const signal: ConfidenceSignal = {
    method: readWord(members, 'method', methods),
    trust: readWord(members, 'trust', trusts),
    value: readNumber(members, 'value', 0, 1),
    score: readNumber(members, 'score', -Infinity, Infinity),
  }
  if (values.has('model')) signal.model = readText(members, 'model', maxName)
  if (values.has('samples')) signal.samples = readSamples(members)
  if (values.has('evidence'))
    signal.evidence = frozenCopy(values.get('evidence'), 'confidence.evidence', limits)
  return Object.freeze(signal)
}

function readSamples(members: Members): number {
  const samples = readNumber(members, 'samples', 0, 1_000_000)
  if (samples !== null && Number.isInteger(samples)) return samples
  throw requestInvalid(
    at(members, 'samples'),
    'is not a whole number',
    'Pass how many samples were drawn.',
  )
}

function readResource(
  value: unknown,
  limits: JsonLimits,
): NonNullable<DecisionRequest['resource']> {
  const members = readMembers(value, 'resource', resourceNames)
  const resource: NonNullable<DecisionRequest['resource']> = {
    type: readText(members, 'type', maxName),
    id: readText(members, 'id', maxId),
  }
  if (members.values.has('properties'))
    resource.properties = readRecord(members, 'properties', limits)
  return Object.freeze(resource)
}

function readRecord(members: Members, name: string, limits: JsonLimits): Record<string, Json> {
  const value = members.values.get(name)
  const path = at(members, name)
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !isPlain(value)) {
    throw requestInvalid(path, 'is not a plain object', 'Pass an object of plain JSON.')
  }
  return frozenCopy<Record<string, Json>>(value, path, limits)
}
