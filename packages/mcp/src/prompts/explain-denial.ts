import { LeluError } from '@lelu/engine'
import { readsAudit } from '../surface/rights.ts'
import type { McpPrompt } from '../surface/surface.ts'
import { explain, explanation, storyText } from '../tools/explain-decision.ts'
import type { ToolParts } from '../tools/options.ts'
import { shownText } from '../tools/shown.ts'
import { asked, quoted } from './quoted.ts'

/** `explain-denial`: has the story of a decision told in plain words. */
export function explainDenialPrompt(parts: ToolParts): McpPrompt {
  return {
    name: 'explain-denial',
    title: 'Explain why a call did not run',
    description: 'Has the story of a decision told in plain words.',
    arguments: [{ name: 'decision_id', description: 'Id of the decision.', required: true }],
    async get(values, principal) {
      const id = Object.hasOwn(values, 'decision_id') ? String(values.decision_id) : ''
      const { signal } = new AbortController()
      const found = await explain(parts, id, principal, signal)
      if (typeof found === 'string') {
        const message =
          found === 'unknown'
            ? `There is no decision ${shownText(id, 60)} of yours.`
            : 'The log could not be searched in time.'
        const help = found === 'unknown' ? 'lelu_evaluate answers ids of decisions.' : 'Ask later.'
        const code = found === 'unknown' ? 'LELU_AUDIT_NOT_FOUND' : 'LELU_AUDIT_UNAVAILABLE'
        throw new LeluError(code, message, { help })
      }
      return asked(
        'Explain why a call did not run',
        'Explain to me in plain words what was decided about the call below, and why. If it did not run, say what would have to be different for it to be allowed, without guessing at rules that are not named. Do not suggest ways around the decision.',
        quoted('The record', storyText(explanation(id, found.records, readsAudit(principal)))),
      )
    },
  }
}
