import { tool } from 'langchain'
import { z } from 'zod'
import { writeLedger } from './ledger.ts'

const confidence = z
  .number()
  .min(0)
  .max(1)
  .describe('How sure you are that this is what the user asked for, from 0 to 1.')

/** The agent's tools. They know nothing of Lelu. */
export function createTools(ledger: string) {
  const trade = tool(
    ({ side, quantity, symbol, price }) => {
      writeLedger(ledger, { tool: 'trade', side, quantity, symbol, price })
      return `Done: ${side} ${quantity} ${symbol} at ${price}.`
    },
    {
      name: 'trade',
      description: 'Places an order on the stock exchange. It cannot be taken back.',
      schema: z.object({
        side: z.enum(['buy', 'sell']),
        symbol: z.string(),
        quantity: z.number().int().positive(),
        price: z.number().positive().describe('The limit price per share.'),
        confidence,
      }),
    },
  )
  const wireMoney = tool(
    ({ to, amount }) => {
      writeLedger(ledger, { tool: 'wire_money', to, amount })
      return `Done: ${amount} sent to ${to}.`
    },
    {
      name: 'wire_money',
      description: "Sends money from the customer's account to another bank.",
      schema: z.object({ to: z.string(), amount: z.number().positive(), confidence }),
    },
  )
  return [trade, wireMoney] as const
}
