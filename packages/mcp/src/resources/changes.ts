import type { Lelu } from '@lelu/engine'
import type { SurfaceChange } from '../surface/surface.ts'
import { approvalUri, pendingUri } from './approvals.ts'

type Listener = (change: SurfaceChange) => void

const rowsPerLook = 500
const mostLooks = 4

/**
 * Tells of approvals that began or stopped to wait, in any process: the store is looked at while somebody listens, and
 * not longer. It tells names of resources, never what is in them: reading asks again who may.
 */
export function approvalChanges(approvals: Pick<Lelu['approvals'], 'list'>, pollMs: number) {
  const listeners = new Set<Listener>()
  let watch: { timer?: NodeJS.Timeout; known?: Map<string, number> } | undefined

  async function pending(): Promise<Map<string, number>> {
    const found = new Map<string, number>()
    let after: string | undefined
    for (let look = 0; look < mostLooks; look += 1) {
      const page = await approvals.list({
        state: 'pending',
        limit: rowsPerLook,
        ...(after !== undefined && { after }),
      })
      for (const { id, revision } of page.approvals) found.set(id, revision)
      if (page.next === null) break
      after = page.next
    }
    return found
  }

  async function look(mine: NonNullable<typeof watch>): Promise<void> {
    // A store that does not answer has told nothing: the next look compares with what was known before.
    const found = await pending().catch(() => undefined)
    if (watch !== mine) return
    if (found !== undefined) {
      if (mine.known !== undefined) tell(mine.known, found)
      mine.known = found
    }
    mine.timer = setTimeout(() => look(mine), pollMs)
    mine.timer.unref()
  }

  function tell(before: Map<string, number>, found: Map<string, number>): void {
    const changed = [...new Set([...before.keys(), ...found.keys()])].filter(
      (id) => before.get(id) !== found.get(id),
    )
    if (changed.length === 0) return
    for (const uri of [pendingUri, ...changed.map(approvalUri)]) {
      for (const listener of listeners) listener({ kind: 'resource', uri })
    }
  }

  return (listener: Listener): (() => void) => {
    // One entry for each call: the same function may be given twice.
    const own: Listener = (change) => listener(change)
    listeners.add(own)
    if (watch === undefined) {
      watch = {}
      look(watch)
    }
    return () => {
      listeners.delete(own)
      if (listeners.size > 0) return
      clearTimeout(watch?.timer)
      watch = undefined
    }
  }
}
