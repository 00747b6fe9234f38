import type { AdapterHarness } from '@lelu/testing'
import { conversation, toolsOf } from './conversation.ts'
import * as loops from './loops.ts'
import { nested } from './nested.ts'

const harness = (name: string, loop: loops.Loop, streams: boolean): AdapterHarness => ({
  name,
  capabilities: {
    suspends: true,
    resumesOneByOne: false,
    forgeable: true,
    waitsAgain: true,
    outlivesForgery: false,
    rawArguments: true,
    reusesIds: true,
    unknownTools: true,
    abortable: true,
    abortEndsWaiting: true,
    streams,
    nests: true,
    unnamed: true,
  },
  open: async (world) =>
    world.nested
      ? nested(world, loop)
      : conversation(world, loop, { chat: 'chat-1', file: 'chat.json', tools: toolsOf(world) }),
})

export const generateText: AdapterHarness = harness('generateText', loops.generateText, false)
export const streamText: AdapterHarness = harness('streamText', loops.streamText, true)
/** By `generate`: its `stream` is the loop of `streamText`. */
export const toolLoopAgent: AdapterHarness = harness('toolLoopAgent', loops.toolLoopAgent, false)
