import type { ServerCapabilities } from '@modelcontextprotocol/server'
import type { Surface } from '../surface/surface.ts'

/** The extension for tasks, which exists from 2026-07-28 on. */
export const tasksExtension = 'io.modelcontextprotocol/tasks'

/** What a surface can do, as a server declares it. The same for every principal: a list may be empty for one. */
export function capabilitiesOf(surface: Surface, era: 'legacy' | 'modern'): ServerCapabilities {
  const { resources, templates, read, prompts, tasks } = surface
  const listChanged = surface.onChange !== undefined
  const hasResources = resources !== undefined || templates !== undefined || read !== undefined
  return {
    logging: {},
    tools: { listChanged },
    ...(hasResources && { resources: { listChanged, subscribe: listChanged } }),
    ...(prompts !== undefined && { prompts: { listChanged } }),
    ...((prompts !== undefined || templates !== undefined) && { completions: {} }),
    ...(era === 'modern' && tasks !== undefined && { extensions: { [tasksExtension]: {} } }),
  }
}
