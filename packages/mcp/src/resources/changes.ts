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
  let timer: NodeJS.Timeout | undefined
  let known: Map<string, number> | undefined

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

  async function look(): Promise<void> {
    // A store that does not answer has told nothing: the next look compares with what was known before.
    const found = await pending().catch(() => undefined)
    if (found === undefined || listeners.size === 0) return
    const before = known
    known = found
    if (before === undefined) return
    const changed = [...new Set([...before.keys(), ...found.keys()])].filter(
      (id) => before.get(id) !== found.get(id),
    )
    if (changed.length === 0) return
    for (const uri of [pendingUri, ...changed.map(approvalUri)]) {
      for (const listener of listeners) listener({ kind: 'resource', uri })
    }
  }

  function next(): void {
    timer = setTimeout(async () => {
      await look()
      if (timer !== undefined) next()
    }, pollMs)
    timer.unref()
  }

  return (listener: Listener): (() => void) => {
    // One entry for each call: the same function may be given twice.
    const own: Listener = (change) => listener(change)
    listeners.add(own)
    if (timer === undefined) {
      look()
      next()
    }
    return () => {
      listeners.delete(own)
      if (listeners.size > 0) return
      clearTimeout(timer)
      timer = undefined
      known = undefined
    }
  }
}
