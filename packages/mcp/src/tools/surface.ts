import { createPending } from '../pending/pending.ts'
import { createResume } from '../pending/resume-approved.ts'
import { checkConsoleUrl } from '../pending/words.ts'
import { leluPrompts } from '../prompts/prompts.ts'
import { approvalChanges } from '../resources/changes.ts'
import { policyFiles } from '../resources/policies.ts'
import { leluResources } from '../resources/resources.ts'
import type { Surface } from '../surface/surface.ts'
import type { LeluSurfaceOptions, ToolParts } from './options.ts'
import { scanSlots } from './scans.ts'
import { leluTools } from './tools.ts'

const noExecutors = { of: () => undefined }

/**
 * What Lelu itself shows: tools, resources and prompts, each as far as the principal's scopes reach. Throws
 * `LELU_OPTIONS_INVALID` for a `consoleUrl` that is no address of approvals.
 */
export function leluSurface(options: LeluSurfaceOptions): Surface {
  const { lelu, executors = noExecutors, consoleUrl, policies, pollMs = 2000 } = options
  checkConsoleUrl(consoleUrl)
  const shownAt = consoleUrl !== undefined && { consoleUrl }
  const resume = createResume({ lelu, executors })
  const { pending = createPending({ lelu, resume, ...shownAt }) } = options
  const scans = scanSlots(options.scanMs ?? 20_000)
  const parts: ToolParts = { lelu, executors, pending, consoleUrl, scans }
  const files = policyFiles(policies)
  return {
    tools: leluTools(parts),
    ...leluResources(parts, files),
    prompts: leluPrompts(parts, files),
    tasks: pending.tasks,
    onChange: approvalChanges(lelu.approvals, pollMs),
  }
}
