import { RunnableLambda } from '@langchain/core/runnables'
import { Command } from '@langchain/langgraph'
import { tool } from 'langchain'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { approve, ask, calling, config, guardedAgent, openLelu, toolMessages } from './support.ts'

type Lelu = Awaited<ReturnType<typeof openLelu>>

/** The engine, whose caller is aborted when the call is claimed and its tool is about to begin. */
function abortedAtStart(lelu: Lelu, control: AbortController) {
  const guard: typeof lelu.guard = (request, execute, ...rest) =>
    lelu.guard(
      request,
      (...given) => {
        control.abort()
        return execute(...given)
      },
      ...rest,
    )
  return { ...lelu, guard }
}

const schema = z.object({ amount: z.number() })
const makes: Record<string, (run: () => string) => unknown> = {
  'a tool': (run) => tool(run, { name: 'reviewed', schema }),
  'a runnable': (run) => RunnableLambda.from(run).asTool({ name: 'reviewed', schema }),
}

test.each([
  ['middleware', 'a tool'],
  ['middleware', 'a runnable'],
  ['guardTool', 'a tool'],
] as const)(
  'behind %s, %s whose run is aborted when its approval is used up runs, and is answered later',
  async (place, kind) => {
    const lelu = await openLelu()
    const control = new AbortController()
    let runs = 0
    const made = makes[kind]?.(() => `done ${++runs}`)
    const agent = guardedAgent({
      lelu: abortedAtStart(lelu, control),
      answers: [calling({ name: 'reviewed' })],
      tools: [made],
      place,
    })
    const id = await approve(lelu, await agent.invoke(ask, config))
    const command = new Command({ resume: true })
    await expect(agent.invoke(command, { ...config, signal: control.signal })).rejects.toThrow()
    await expect
      .poll(async () => (await lelu.approvals.get(id)).state, { timeout: 30_000 })
      .toBe('completed')
    expect(toolMessages(await agent.invoke(command, config)).call_0?.text).toBe('done 1')
    expect(runs).toBe(1)
  },
)
