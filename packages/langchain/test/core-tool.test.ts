import { DynamicStructuredTool, StructuredTool } from '@langchain/core/tools'
import { Command } from '@langchain/langgraph'
import { tool } from 'langchain'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { guardTool } from '../src/index.ts'
import { openLelu, subject } from './support.ts'

const schema = z.object({ amount: z.number() })
const unsupported = expect.objectContaining({ code: 'LELU_TOOL_UNSUPPORTED' })

class Plain extends StructuredTool {
  name = 'denied'
  description = 'Does it.'
  schema = schema
  override async _call(): Promise<string> {
    return 'called'
  }
}

test('a tool that does its work in an `invoke` or a `call` of its own is not taken for a guarded one', async () => {
  const lelu = await openLelu()
  class Invokes extends Plain {
    override async invoke(): Promise<never> {
      throw new Error('worked past the decision')
    }
  }
  class Calls extends Plain {
    override async call(): Promise<never> {
      throw new Error('worked past the decision')
    }
  }
  const patched = Object.assign(new Plain(), { invoke: async () => 'patched' })
  for (const wrong of [new Invokes(), new Calls(), patched]) {
    expect(() => guardTool(wrong, { lelu, subject })).toThrow(unsupported)
  }
})

test('a tool that another engine guards with a field of its own is refused: only that engine would decide', async () => {
  const [lelu, other] = [await openLelu(), await openLelu()]
  const added = { name: 'confidence', schema: { type: 'number' } } as const
  const confidence = Object.assign(() => undefined, { added })
  const guarded = guardTool(new Plain(), { lelu: other, subject, confidence })
  expect(() => guardTool(guarded, { lelu, subject })).toThrow(unsupported)
})

test('a class that overrides `_call` alone is guarded, whatever class of LangChain it extends', async () => {
  const lelu = await openLelu()
  const func = async () => new Command({})
  const tools = [
    new Plain(),
    new DynamicStructuredTool({ name: 'denied', description: '', schema, func }),
    tool(() => '', { name: 'denied' }),
  ]
  for (const one of tools) expect(() => guardTool(one, { lelu, subject })).not.toThrow()
})

test('a schema that reads a private field is refused when the tool is guarded, and not in the middle of a run', async () => {
  const lelu = await openLelu()
  class Secretive extends StructuredTool {
    name = 'allowed'
    description = ''
    #schema = schema
    get schema() {
      return this.#schema
    }
    override async _call(): Promise<string> {
      return 'called'
    }
  }
  expect(() => guardTool(new Secretive(), { lelu, subject })).toThrow(unsupported)
})
