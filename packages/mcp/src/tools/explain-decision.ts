import { findStory, type StoryRecord } from '@lelu/audit/reading'
import { isLeluError, type Json } from '@lelu/engine'
import type { ToolAnswer } from '../surface/call.ts'
import type { Principal } from '../surface/principal.ts'
import { readsAudit } from '../surface/rights.ts'
import type { McpTool } from '../surface/surface.ts'
import { looks } from './hints.ts'
import type { ToolParts } from './options.ts'
import { isOwnDecision, stepSchema, stepView } from './record-view.ts'
import { answering, done, refused } from './results.ts'
import { decisionId, list, object, text, textOrNull } from './schemas.ts'
import { shownText } from './shown.ts'

/** The records of one call, or why there are none. */
export type Explained = { records: StoryRecord[] } | 'unknown' | 'busy' | 'late'

/** The story of a decision of this principal, or of its tenant where it may read the log. */
export async function explain(
  { lelu, scans }: Pick<ToolParts, 'lelu' | 'scans'>,
  id: string,
  principal: Principal,
  signal: AbortSignal,
): Promise<Explained> {
  const scanned = await scans.run(signal, async (limited) => {
    try {
      return await findStory({ directory: lelu.audit.directory, id, signal: limited })
    } catch (error) {
      if (isLeluError(error) && error.code === 'LELU_AUDIT_NOT_FOUND') return undefined
      throw error
    }
  })
  if (scanned === undefined) return 'busy'
  if (!scanned.complete) return 'late'
  const { value: story } = scanned
  if (story === undefined || !('records' in story)) return 'unknown'
  const records = story.records.filter(({ record }) => record.tenant === principal.tenant)
  const asked = records.find(({ record }) => record.kind === 'decision' && record.id === id)
  const may =
    asked !== undefined && (readsAudit(principal) || isOwnDecision(asked.record, principal))
  return may ? { records } : 'unknown'
}

/** `Explained` without records, in words. Says the same of an unknown decision and of another's. */
export function unexplained(why: 'unknown' | 'busy' | 'late', id: string): ToolAnswer {
  if (why === 'unknown')
    return refused('LELU_AUDIT_NOT_FOUND', `There is no decision ${id} of yours.`)
  return why === 'busy'
    ? refused('LELU_MCP_BUSY', 'The log is being searched for others. Ask again later.')
    : refused(
        'LELU_MCP_BUSY',
        'Searching the log took too long. `lelu audit show` has no such limit.',
      )
}

/** `lelu_explain_decision`: what was decided, why, and what came of it, from the audit log. */
export function explainDecisionTool(parts: ToolParts): McpTool {
  return {
    name: 'lelu_explain_decision',
    title: 'Explain a decision',
    description:
      'Tells what was decided about a call of yours, why, and what came of it, from the audit log.',
    inputSchema: object({ decision_id: decisionId }, ['decision_id']),
    outputSchema: object(
      {
        decision_id: decisionId,
        decision: text('What was decided at first.'),
        tool: textOrNull('What was to be called.'),
        policy: textOrNull('Revision of the policy.'),
        steps: list(stepSchema, 'What happened, in order.'),
      },
      ['decision_id', 'decision', 'tool', 'policy', 'steps'],
    ),
    annotations: looks,
    call: (input, { principal, signal }) =>
      answering(async () => {
        const { decision_id: id } = input as { decision_id: string }
        const found = await explain(parts, id, principal, signal)
        if (typeof found === 'string') return unexplained(found, id)
        const view = explanation(id, found.records, readsAudit(principal))
        return done(view, storyText(view))
      }),
  }
}

const mostSteps = 100

type Explanation = {
  decision_id: string
  decision: string
  tool: string | null
  policy: string | null
  steps: { [key: string]: Json }[]
}

/** The story as it is shown. */
export function explanation(
  id: string,
  records: readonly StoryRecord[],
  whole: boolean,
): Explanation {
  const asked = records.find(({ record }) => record.kind === 'decision' && record.id === id)
  const { decision, tool, policy } = (asked?.record ?? {}) as {
    decision?: unknown
    tool?: { name?: unknown }
    policy?: { revision?: unknown }
  }
  return {
    decision_id: id,
    decision: shownText(String(decision)),
    tool: typeof tool?.name === 'string' ? shownText(tool.name) : null,
    policy: typeof policy?.revision === 'string' ? shownText(policy.revision) : null,
    steps: records.slice(0, mostSteps).map(({ record }) => stepView(record, whole)),
  }
}

/** The story in lines. */
export function storyText({ decision_id: id, tool, steps }: Explanation): string {
  const lines = steps.map(({ time, what, outcome, reasons, reviewer }) => {
    const who = reviewer === null ? '' : ` by ${reviewer}`
    return `${time}  ${what}${outcome === null ? '' : `: ${outcome}`}${who}  ${(reasons as string[]).join(' ')}`.trimEnd()
  })
  return [`Decision ${id} about ${tool ?? 'a call'}:`, ...lines].join('\n')
}
