import { AIMessageChunk } from '@langchain/core/messages'
import type { AIMessage } from 'langchain'
import { expect, test } from 'vitest'
import { leluMiddleware } from '../src/index.ts'
import {
  agentOf,
  answering,
  ask,
  config,
  createTools,
  openLelu,
  subject,
  waitingId,
} from './support.ts'

test.each(['v1', 'v2'] as const)(
  'a user who writes on cancels what a model without message ids has asked for (%s)',
  async (version) => {
    const lelu = await openLelu()
    const piece = { type: 'tool_call_chunk' as const, id: 'a', index: 0, name: 'reviewed' }
    const tool_call_chunks = [{ ...piece, args: '{"amount":5}' }]
    const agent = agentOf({
      model: answering(
        new AIMessageChunk({ content: '', tool_call_chunks }) as unknown as AIMessage,
      ),
      tools: createTools().tools,
      version,
      middleware: [leluMiddleware({ lelu, subject })],
    })
    const id = waitingId(await agent.invoke(ask, config))
    await agent.invoke(ask, config)
    expect((await lelu.approvals.get(id)).state).toBe('cancelled')
  },
)
