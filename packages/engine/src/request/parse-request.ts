import { LeluError } from '../errors.ts'
import type { DecisionRequest } from '../types.ts'
import { type GateLimits, gateRequest } from './gate.ts'
import { inputTooLarge } from './request-error.ts'
import { JsonTextError, parseStrictJson } from './strict-json.ts'

/** What the request may weigh around its input: names, context, a tool's schema. */
const envelopeBytes = 256 * 1024

/**
 * Reads a request from JSON text (a file, a body): strict JSON, then the gate. Throws LELU_INPUT_TOO_LARGE before
 * it parses anything, and LELU_REQUEST_INVALID with line and column (`details`) or with the path of the field.
 */
export function parseRequest(text: string | Uint8Array, limits: GateLimits = {}): DecisionRequest {
  const { maxInputBytes = 1024 * 1024, maxDepth = 64 } = limits
  const maxBytes = maxInputBytes + envelopeBytes
  if (Buffer.byteLength(text) > maxBytes) throw inputTooLarge('', maxBytes)
  return gateRequest(read(text, maxDepth), limits).request
}

function read(text: string | Uint8Array, maxDepth: number): unknown {
  try {
    // The request's own objects stand around each JSON part: at most a chain of subjects.
    return parseStrictJson(text, maxDepth + 16)
  } catch (error) {
    if (!(error instanceof JsonTextError)) throw error
    throw new LeluError('LELU_REQUEST_INVALID', `The request is not JSON: ${error.message}.`, {
      help: 'Pass one JSON object in UTF-8, such as {"subject":{…},"call":{…}}.',
      cause: error,
      details: { line: error.line, column: error.column },
    })
  }
}
