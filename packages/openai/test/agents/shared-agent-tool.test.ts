import { Agent } from '@openai/agents'
import { expect, test } from 'vitest'
import { guardAgentTool } from '../../src/agents/index.ts'
import { ScriptedModel } from './model.ts'
import { openLelu } from './support.ts'

const subject = (id: string) => ({ id, type: 'agent' as const })

test('an agent tool is not guarded for a second agent with other options, which would decide the calls of the first', async () => {
  const lelu = await openLelu()
  const worker = new Agent({ name: 'worker', model: new ScriptedModel() })
  const tool = worker.asTool({ toolName: 'allowed_worker', toolDescription: 'Works.' })
  const alice = { lelu, run: 'chat-1', subject: subject('alice') }
  const guarded = guardAgentTool(tool, alice)
  const bob = { lelu, run: 'chat-2', subject: subject('bob') }
  expect(() => guardAgentTool(tool, bob)).toThrow(
    expect.objectContaining({
      code: 'LELU_OPTIONS_INVALID',
      help: expect.stringContaining('asTool() anew'),
    }),
  )
  expect(guardAgentTool(guarded, alice)).toBe(guarded)
})
