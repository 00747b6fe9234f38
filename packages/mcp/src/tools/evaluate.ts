import { randomUUID } from 'node:crypto'
import type { Decision, Json } from '@lelu/engine'
import type { JsonSchema, McpTool } from '../surface/surface.ts'
import { type CallInput, toDecisionRequest } from './call-request.ts'
import { looks } from './hints.ts'
import type { ToolParts } from './options.ts'
import { answering, done } from './results.ts'
import { callProperties, decisionWord, object, reasons, text } from './schemas.ts'
import { shownText } from './shown.ts'

/** What a decision tells a caller: messages, never the ids of rules. */
export function decisionView({ id, effect, confidence, policy, audit, ...decision }: Decision): {
  [key: string]: Json
} {
  return {
    decision: effect,
    decision_id: id,
    reasons: decision.reasons.map(({ message }) => shownText(message)),
    confidence,
    policy: policy.revision,
    audit: { stream: audit.stream, seq: audit.seq, leaf: audit.leaf },
  }
}

export const decisionProperties: JsonSchema = {
  decision: decisionWord,
  decision_id: text('Id of the decision: lelu_explain_decision takes it.'),
  reasons,
  confidence: { type: 'number', description: 'As the policy saw it; 0 where there was none.' },
  policy: text('Revision of the policy that decided.'),
  audit: {
    ...object({ stream: { type: 'string' }, seq: { type: 'integer' }, leaf: { type: 'string' } }, [
      'stream',
      'seq',
      'leaf',
    ]),
    description: 'Receipt of the audit record.',
  },
}

/** `lelu_evaluate`: what the policy says of a call. Nothing runs, and nobody is asked. */
export function evaluateTool({ lelu }: ToolParts): McpTool {
  return {
    name: 'lelu_evaluate',
    title: 'Ask what the policy says',
    description:
      'Asks whether a tool call would be allowed, needs a person, or is denied. Nothing runs and nobody is asked; the question is recorded.',
    inputSchema: object(callProperties, ['tool', 'input']),
    outputSchema: object(decisionProperties, Object.keys(decisionProperties)),
    annotations: looks,
    call: (input, { principal }) =>
      answering(async () => {
        const id = `lelu_evaluate:${randomUUID()}`
        const request = toDecisionRequest(input as CallInput, principal, { id })
        const view = decisionView(await lelu.decide(request))
        return done(view, `Decision: ${view.decision}. ${(view.reasons as string[]).join(' ')}`)
      }),
  }
}
