import { selfReport } from '@lelu/confidence'
import type { Lelu, Subject } from '@lelu/engine'
import { leluMiddleware } from '@lelu/langchain'
import { createAgent } from 'langchain'
import type { Broker } from './broker.ts'
import { FileSaver } from './file-saver.ts'
import { createModel } from './model.ts'
import { createTools } from './tools.ts'

/** Who calls. The reviewer is somebody else: neither of these two may approve the agent's calls. */
const subject: Subject = {
  id: 'trading-agent',
  type: 'agent',
  actingFor: { id: 'customer-7', type: 'user' },
}

const systemPrompt = `You trade for a customer. Look at the positions and prices before you order.
When an order is refused, do not try the same order again. At the end, say what came of it.`

export type Trader = Awaited<ReturnType<typeof createTrader>>

type Parts = { lelu: Lelu; broker: Broker; threads: string }

/** An agent as anybody makes it with LangChain, and one line that puts Lelu in front of its tools. */
export async function createTrader({ lelu, broker, threads }: Parts) {
  const guard = leluMiddleware({
    lelu,
    subject,
    confidence: selfReport(),
    effect: { get_price: 'read', get_positions: 'read' }, // place_order: the strictest, by default
    context: () => ({ prices: broker.prices() }),
  })
  return createAgent({
    model: await createModel(),
    tools: createTools(broker),
    systemPrompt,
    middleware: [guard], // <- the one line: every tool call is decided by policies/policy.rego
    checkpointer: new FileSaver(threads),
  })
}
