import { zodFunction } from 'openai/helpers/zod'
import { z } from 'zod'
import type { Shop } from './shop.ts'
import { whereSchema } from './where.ts'

const whereOnly = z.strictObject({ where: whereSchema })

const deletion = z.strictObject({
  where: whereSchema,
  expected: z
    .strictObject({ rows: z.int().min(0), open: z.int().min(0) })
    .describe('What count_orders found for this filter. Anything else deletes nothing.'),
})

/** The agent's tools, as the OpenAI SDK takes them. They know nothing of Lelu. */
export function createTools(shop: Shop, conversation: string) {
  return [
    zodFunction({
      name: 'count_orders',
      description: 'Counts the orders that match the filter, and how many of them are open.',
      parameters: whereOnly,
      function: ({ where }) => shop.count(where),
    }),
    zodFunction({
      name: 'list_orders',
      description: 'Lists the first 20 orders that match the filter.',
      parameters: whereOnly,
      function: ({ where }) => shop.list(where, 20),
    }),
    zodFunction({
      name: 'delete_orders',
      description: 'Deletes the orders that match the filter. It cannot be taken back.',
      parameters: deletion,
      function: ({ where, expected }) => ({
        deleted: shop.delete(where, expected, conversation).rows,
      }),
    }),
  ]
}
