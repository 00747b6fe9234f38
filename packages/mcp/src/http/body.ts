import type { IncomingMessage } from 'node:http'
import { isJsonContentType } from '@modelcontextprotocol/server'
import { isPlainJson } from '../eras/plain-json.ts'

export type BodyLimits = { maxBytes: number; timeoutMs: number }

/** A body, or the status and sentence to refuse it with. */
export type Body =
  | { ok: true; json: unknown }
  | { ok: false; status: 400 | 408 | 413 | 415; code: number; message: string }

/** An envelope, its params and a tool's input lie around what `isPlainJson` allows an input. */
const maxDepth = 96

/** Reads a JSON body within its limits. Whoever is refused learns nothing but which limit it was. */
export async function readBody(req: IncomingMessage, limits: BodyLimits): Promise<Body> {
  if (!isJsonContentType(req.headers['content-type']))
    return no(415, -32000, 'The content type must be application/json.')
  if (Number(req.headers['content-length'] ?? 0) > limits.maxBytes) return tooLarge
  const bytes = await readBytes(req, limits)
  if (!Buffer.isBuffer(bytes)) return bytes
  const json = parsed(bytes)
  if (json === undefined) return no(400, -32700, 'Parse error: the body is not valid JSON.')
  if (!isPlainJson(json, maxDepth))
    return no(400, -32600, 'The body is nested too deep, or has a key that is not allowed.')
  return { ok: true, json }
}

function no(status: 400 | 408 | 413 | 415, code: number, message: string): Body & { ok: false } {
  return { ok: false, status, code, message }
}

const tooLarge = no(413, -32000, 'The body is too large.')

/** Against a body that never ends: one that is sent too slowly is refused like one that is too large. */
function readBytes(
  req: IncomingMessage,
  { maxBytes, timeoutMs }: BodyLimits,
): Promise<Buffer | (Body & { ok: false })> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let size = 0
    const end = (result: Buffer | (Body & { ok: false })) => {
      clearTimeout(timer)
      req.removeListener('data', take)
      // What still comes is thrown away, until the connection is closed with the answer.
      req.resume()
      resolve(result)
    }
    const take = (chunk: Buffer) => {
      size += chunk.length
      if (size > maxBytes) end(tooLarge)
      else chunks.push(chunk)
    }
    const timer = setTimeout(() => end(no(408, -32000, 'The body took too long.')), timeoutMs)
    req.on('data', take)
    req.once('end', () => end(Buffer.concat(chunks)))
    req.once('error', () => end(no(400, -32700, 'The body could not be read.')))
  })
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** JSON is never undefined. */
function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(utf8.decode(bytes))
  } catch {
    return undefined
  }
}
