import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Approval, isLeluError, type Json, type Lelu, type Reviewer } from '@lelu/engine'
import { z } from 'zod'
import { HttpError, readJson, sendJson } from './http.ts'

/** The token of the one reviewer, made at the first start. A real shop has a login instead. */
export function reviewerToken(file: string): string {
  if (!existsSync(file)) {
    writeFileSync(file, randomBytes(24).toString('base64url'), { mode: 0o600, flag: 'wx' })
  }
  return readFileSync(file, 'utf8')
}

const posted = z.object({
  id: z.string(),
  verdict: z.enum(['approve', 'deny']),
  digest: z.string(),
  reason: z.string().max(500).optional(),
  amount: z.number().optional(),
})

const hash = (text: string) => createHash('sha256').update(text).digest()

/** What a reviewer needs to decide. */
function shown({ id, digest, decision, request }: Approval) {
  const { call, confidence, resource, subject } = request
  return {
    id,
    digest,
    tool: call.tool,
    input: call.input,
    order: resource?.properties ?? null,
    customer: subject.actingFor?.id ?? null,
    confidence: confidence?.value == null ? null : decision.confidence,
    reasons: decision.reasons.map(({ message }) => message),
  }
}

/** The routes of the reviewer's page: who has the token is the reviewer, and nobody else decides. */
export function reviewRoutes(lelu: Lelu, token: string) {
  function authenticate({ headers }: IncomingMessage): Reviewer {
    const given = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? ''
    if (!timingSafeEqual(hash(given), hash(token))) {
      throw new HttpError(401, 'That is not the token of the reviewer.')
    }
    return { id: 'reviewer-1', issuer: 'urn:example:refunds', method: 'token' }
  }

  return {
    async list(request: IncomingMessage, response: ServerResponse): Promise<void> {
      authenticate(request)
      const { approvals, next } = await lelu.approvals.list({ state: 'pending', limit: 500 })
      sendJson(response, 200, { approvals: approvals.map(shown), more: next !== null })
    },

    async review(request: IncomingMessage, response: ServerResponse): Promise<void> {
      const reviewer = authenticate(request)
      const { success, data } = posted.safeParse(await readJson(request))
      if (!success) throw new HttpError(400, 'That is no review.')
      const { id, verdict, digest, reason, amount } = data
      try {
        const { call } = (await lelu.approvals.get(id)).request
        // Another amount is a new decision: Lelu asks the schema and the policy about it.
        const input = amount !== undefined && { ...(call.input as { [key: string]: Json }), amount }
        const { state } = await lelu.approvals.review(id, {
          verdict,
          reviewer,
          digest, // of the input that was on the reviewer's screen: the vote is for nothing else
          ...(reason && { reason }),
          ...(input && { input }),
        })
        sendJson(response, 200, { state })
      } catch (error) {
        if (isLeluError(error)) throw new HttpError(409, `${error.message} ${error.help}`)
        throw error
      }
    },
  }
}
