import { createLelu, type Lelu } from '@lelu/engine'
import { pendingApprovals, resume } from '@lelu/langchain'
import { createTrader, type Trader } from './agent.ts'
import type { Broker } from './broker.ts'
import { type Layout, policies } from './layout.ts'
import { transcript } from './transcript.ts'

/** What a person reads, and the approvals that wait for one. */
export type Answer = { lines: string[]; waiting: string[] }

type Input = Parameters<Trader['invoke']>[0]

/** The one conversation of this example. Each step of it is on disk before the next one starts. */
const thread = { configurable: { thread_id: 'customer-7' }, durability: 'sync' } as const

const waitingIn = (result: unknown): string[] =>
  pendingApprovals(result).map(({ approvalId }) => approvalId)

/** Opens the agent for one piece of work, and closes it whatever comes of it. */
export async function withSession<T>(
  layout: Layout,
  broker: Broker,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const lelu = await createLelu({ directory: layout.lelu, policies })
  try {
    const trader = await createTrader({ lelu, broker, threads: layout.threads })
    return await work(new Session(lelu, trader))
  } finally {
    await lelu.close()
  }
}

export class Session {
  readonly #lelu: Lelu
  readonly #trader: Trader

  constructor(lelu: Lelu, trader: Trader) {
    this.#lelu = lelu
    this.#trader = trader
  }

  /** The customer says something. */
  async ask(text: string): Promise<Answer> {
    const waiting = waitingIn(await this.#trader.graph.getState(thread))
    if (waiting.length === 0) return this.#run({ messages: [{ role: 'user', content: text }] })
    return { lines: ['An order still waits. Nothing was asked.'], waiting }
  }

  /** Goes on with what a reviewer has decided, or where a process died. */
  async resume(): Promise<Answer> {
    const state = await this.#trader.graph.getState(thread)
    const waiting = waitingIn(state)
    const command = await resume({ result: state, lelu: this.#lelu })
    if (command !== undefined) return this.#run(command)
    if (waiting.length > 0) return { lines: ['Not decided yet.'], waiting }
    if (state.next.length > 0) return this.#run(null)
    return { lines: ['Nothing waits.'], waiting }
  }

  async #run(input: Input): Promise<Answer> {
    const { values } = await this.#trader.graph.getState(thread)
    const result = await this.#trader.invoke(input, thread)
    const lines = transcript(result.messages, values.messages?.length ?? 0)
    const waiting = waitingIn(result)
    for (const id of waiting) {
      const { request, decision } = await this.#lelu.approvals.get(id)
      const reasons = decision.reasons.map(({ message }) => message).join(' ')
      lines.push(`  ${request.call.tool} ${JSON.stringify(request.call.input)}`)
      lines.push(`    -> waits for a person: ${reasons}`)
    }
    return { lines, waiting }
  }
}
