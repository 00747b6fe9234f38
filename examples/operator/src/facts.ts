import { z } from 'zod'
import type { Shop } from './shop.ts'
import { whereSchema } from './where.ts'

const filtered = z.object({ where: whereSchema })

function rowsOf(shop: Shop, written: string): number {
  try {
    return shop.count(filtered.parse(JSON.parse(written)).where).rows
  } catch {
    return 0 // What the schema refuses does not run either.
  }
}

/** What a call would hit, as the database has it now. */
export function hitBy(shop: Shop, written: string) {
  const { where } = filtered.parse(JSON.parse(written))
  const { rows, open } = shop.count(where)
  return { type: 'table', id: 'orders', properties: { rows, open, total: shop.total() } }
}

type Message = {
  role: string
  tool_calls?: { function?: { name: string; arguments: string } }[]
}

/**
 * How many orders this conversation has deleted, and how many its newest answer asks for: a model that may delete
 * five must not get around it by five at a time, one after the other or side by side.
 */
export function soFar(shop: Shop, run: string, history: readonly unknown[]) {
  const answer = (history as readonly Message[]).findLast(({ role }) => role === 'assistant')
  const asked = (answer?.tool_calls ?? [])
    .filter((call) => call.function?.name === 'delete_orders')
    .map((call) => rowsOf(shop, call.function?.arguments ?? ''))
  return { deleted: shop.deletedBy(run), asked: asked.reduce((sum, rows) => sum + rows, 0) }
}
