import type { Lelu, PolicySource } from '@lelu/engine'
import type { Executors } from '../calls/executors.ts'
import type { Pending } from '../pending/pending.ts'
import type { ScanSlots } from './scans.ts'

/** What the tools need of the engine. Not among it: what mints, grants, stops or reconciles. */
export type ToolEngine = Pick<Lelu, 'decide' | 'guard' | 'resume'> & {
  approvals: Pick<Lelu['approvals'], 'get' | 'list' | 'review' | 'cancel' | 'wait'>
  tokens: Pick<Lelu['tokens'], 'revoke'>
  audit: Pick<Lelu['audit'], 'directory'>
}

/** What Lelu's own tools, resources and prompts are made with. Only `lelu` has no default. */
export type LeluSurfaceOptions = {
  lelu: ToolEngine
  /** Runs tools of the servers behind this gateway. Default none: approved calls are run by whoever asked. */
  executors?: Executors
  /** How a call that waits is answered, shared with a gateway. Default: one of its own. */
  pending?: Pending
  /** Where a person looks at approvals, such as https://console.example/approvals/{id}. */
  consoleUrl?: string
  /** The policy as it was loaded, to be read as resources. Default: none is shown. */
  policies?: PolicySource
  /** Milliseconds between looks for changes of approvals, while somebody listens. Default 2000. */
  pollMs?: number
  /** How long a search or a verification of the log may take, in ms. Default 20 000. */
  scanMs?: number
}

/** What each tool is made with. */
export type ToolParts = {
  lelu: ToolEngine
  executors: NonNullable<LeluSurfaceOptions['executors']>
  pending: Pending
  consoleUrl: string | undefined
  scans: ScanSlots
}
