import type { McpTool } from '../surface/surface.ts'

// What clients are told of a tool before it is called. All of ours do the same when they are called again.

type Hints = NonNullable<McpTool['annotations']>

const again = { idempotentHint: true } as const

/** It changes nothing. */
export const looks: Hints = {
  ...again,
  readOnlyHint: true,
  destructiveHint: false,
  openWorldHint: false,
}

/** It asks a person, who may decide. */
export const asks: Hints = { ...looks, readOnlyHint: false }

/** It ends a call for good. */
export const ends: Hints = { ...asks, destructiveHint: true }

/** A call may run because of it, and whatever that does. */
export const runs: Hints = { ...ends, openWorldHint: true }
