import type { Client } from './client.ts'
import { agents } from './table-agents.ts'
import { editors } from './table-editors.ts'
import { moreAgents } from './table-more-agents.ts'

/** Every client that is known, by name. */
export const clients: readonly Client[] = [...editors, ...agents, ...moreAgents].sort(
  (one, other) => (one.id < other.id ? -1 : 1),
)
