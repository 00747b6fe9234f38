import { tool } from 'ai'
import { z } from 'zod'
import type { Shop } from './shop.ts'

const orderId = z.string().describe('The number of the order, such as 1001')

/** The agent's tools, for one customer. They know nothing of policies and reviewers. */
export function createTools(shop: Shop, customer: string) {
  return {
    find_order: tool({
      description: 'Looks up one order of the customer: item, price and what can be refunded.',
      inputSchema: z.object({ orderId }),
      execute({ orderId }) {
        const order = shop.order(orderId)
        if (order?.customer !== customer) return { found: false as const }
        const { item, price, refundable } = order
        return { found: true as const, item, price, refundable }
      },
    }),
    refund: tool({
      description: 'Pays money back for one order of the customer.',
      inputSchema: z.object({
        orderId,
        amount: z.number().positive().multipleOf(0.01).describe('In EUR'),
      }),
      execute({ orderId, amount }) {
        shop.refund({ order: orderId, amount })
        return `Refunded ${amount} EUR of order ${orderId}.`
      },
    }),
  }
}
