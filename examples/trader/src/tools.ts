import { type StructuredTool, tool } from 'langchain'
import { z } from 'zod'
import type { Broker } from './broker.ts'

const symbol = z.string().regex(/^[A-Z]{1,8}$/)
const whole = z.number().int().positive()

/** The agent's tools. They know nothing of Lelu, and nothing of confidence. */
export function createTools(broker: Broker): StructuredTool[] {
  return [
    tool(() => JSON.stringify({ cash: broker.cash(), positions: broker.positions() }), {
      name: 'get_positions',
      description: 'The cash in the account, and the shares in it.',
      schema: z.object({}),
    }),
    tool(({ symbol }) => `${symbol} is at ${broker.prices()[symbol] ?? 'no price'}.`, {
      name: 'get_price',
      description: 'The market price of a share, in dollars.',
      schema: z.object({ symbol }),
    }),
    tool(
      (order) => {
        const { id, price } = broker.place(order)
        const { side, quantity, symbol } = order
        return `Filled: order ${id}, ${side} ${quantity} ${symbol} at ${price}. Cash: ${broker.cash()}.`
      },
      {
        name: 'place_order',
        description: 'Places an order on the stock exchange. It cannot be taken back.',
        schema: z.object({
          side: z.enum(['buy', 'sell']),
          quantity: whole,
          symbol,
          limit: whole.describe('The worst price per share that is acceptable, in dollars.'),
        }),
      },
    ),
  ]
}
