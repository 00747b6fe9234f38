import { Command } from '@langchain/langgraph'
import { expect, test } from 'vitest'
import { pendingApprovals } from '../src/index.ts'
import { agentWith, ask, calling, config, openLelu, reviewer } from './support.ts'

test.each(['updates', 'values'] as const)(
  'a stream of %s shows the call that waits, and its result after the approval',
  async (streamMode) => {
    const lelu = await openLelu()
    const { agent, ran } = agentWith({ lelu, answers: [calling({ name: 'reviewed' })] })
    const play = async (input: Parameters<typeof agent.stream>[0]) => {
      const chunks: unknown[] = []
      for await (const chunk of await agent.stream(input, { ...config, streamMode }))
        chunks.push(chunk)
      return chunks
    }
    const [waiting, ...others] = (await play(ask)).flatMap((chunk) => pendingApprovals(chunk))
    expect(others).toEqual([])
    expect(waiting?.tool).toBe('reviewed')
    await lelu.approvals.review(waiting?.approvalId ?? '', { verdict: 'approve', reviewer })
    const rest = await play(new Command({ resume: true }))
    expect(rest.flatMap((chunk) => pendingApprovals(chunk))).toEqual([])
    expect(JSON.stringify(rest)).toContain('reviewed did 5')
    expect(ran).toHaveLength(1)
  },
)
