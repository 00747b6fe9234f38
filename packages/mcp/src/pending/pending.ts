import type { Approval } from '@lelu/engine'
import type { CallContext, TaskKeeper, ToolAnswer } from '../surface/call.ts'
import { shownText } from '../tools/shown.ts'
import type { PendingOptions } from './options.ts'
import { taskKeeper, waitingTask } from './tasks.ts'
import { checkConsoleUrl, consoleLink, pendingResult } from './words.ts'

/** How clients are told of a call that waits for a person, each in the way it can take: a task, a link, or a result. */
export interface Pending {
  /** What this client is told of a call that waits for a person. Never waits itself. */
  answer(approval: Approval, context: CallContext): Promise<ToolAnswer>
  tasks: TaskKeeper
}

/** Turns a suspended call into what the client can take: a task, a link to open, or a result that says it waits. */
export function createPending(options: PendingOptions): Pending {
  const { consoleUrl } = options
  checkConsoleUrl(consoleUrl)
  return {
    tasks: taskKeeper(options),
    async answer(approval, { peer, answers }) {
      if (peer.tasks) return { kind: 'task', task: waitingTask(approval, consoleUrl) }
      const url = consoleLink(consoleUrl, approval.id)
      // Shown once and only to show where to decide. Hosts accept and decline by themselves, with nobody looking
      // (openai/codex#17164, anthropics/claude-code#41292), so no answer to it is a decision: only the store has those.
      if (url !== null && peer.elicits.url && answers === undefined) {
        const tool = shownText(approval.request.call.tool, 100)
        const message = `A person must approve the call of ${tool}. Open the approval?`
        const questions = { approval: { mode: 'url' as const, message, url } }
        return { kind: 'ask', questions, state: { approval: approval.id } }
      }
      return { kind: 'result', result: pendingResult(approval, consoleUrl) }
    },
  }
}
