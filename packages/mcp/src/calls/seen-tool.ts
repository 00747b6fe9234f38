import type { Approval, Policy } from '@lelu/engine'
import type { PinnedDefinition } from '../gateway/definition.ts'

/** What a call was decided on beside its names: how its tool was described, where it was, and by which policy. */
export type SeenTool = { definition: string; endpoint: string | undefined; policy: string }

/** Undefined for a call that came another way than through the gateway. */
export function seenTool({ request, decision }: Approval): SeenTool | undefined {
  const mcp = request.context?.mcp
  if (typeof mcp !== 'object' || mcp === null || Array.isArray(mcp)) return undefined
  const { definition, endpoint } = mcp
  if (typeof definition !== 'string') return undefined
  return {
    definition,
    endpoint: typeof endpoint === 'string' ? endpoint : undefined,
    policy: decision.policy.revision,
  }
}

export const isSameTool = (a: SeenTool, b: SeenTool): boolean =>
  a.definition === b.definition && a.endpoint === b.endpoint && a.policy === b.policy

/** A tool as it is now, in the same words. */
export const toolNow = (
  { pinned, endpoint }: { pinned: PinnedDefinition; endpoint: string },
  policy: Policy,
): SeenTool => ({
  definition: pinned.sha256,
  endpoint,
  policy: policy.revision,
})
