import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLelu } from '@lelu/engine'
import {
  type AdapterHarness,
  type Conversation,
  effectsIn,
  suiteTools,
  type Turn,
} from '@lelu/testing'
import { suitePolicy } from '@lelu/testing/fakes'
import { expect, onTestFinished, test } from 'vitest'
import { generateText, streamText, toolLoopAgent } from '../../../packages/ai-sdk/test/harness.ts'
import { agentV1, agentV2, toolNode } from '../../../packages/langchain/test/harness.ts'
import { agentsSdk } from '../../../packages/openai/test/agents/harness.ts'
import { chatCompletions, responses } from '../../../packages/openai/test/harness.ts'

// docs/frameworks.md: how often things ran, counted. The cases of the suite say the same one by one.

const page = readFileSync(new URL('../../../docs/frameworks.md', import.meta.url), 'utf8')
const reviewer = { id: 'rita', issuer: 'test', method: 'test' }
const call = (tool: string, id: string) => ({ id, tool, input: { amount: '5' } })
/** Four calls in one step: one is allowed, one denied, two wait. */
const step = [
  call('allowed', 'a'),
  call('denied', 'd'),
  call('reviewed', 'r1'),
  call('reviewed', 'r2'),
]

type Played = Conversation & {
  approve(turn: Turn): Promise<void>
  ran(tool: string): number
}

async function open(harness: AdapterHarness): Promise<Played> {
  const directory = mkdtempSync(join(tmpdir(), 'lelu-table-'))
  const lelu = await createLelu({ directory: join(directory, '.lelu'), policies: suitePolicy })
  onTestFinished(async () => {
    await lelu.close()
    rmSync(directory, { recursive: true, force: true })
  })
  const world = { lelu, directory, tools: suiteTools(directory), options: {} }
  const conversation = await harness.open(world)
  return {
    ...conversation,
    async approve({ pending }) {
      for (const { approvalId } of pending) {
        await lelu.approvals.review(approvalId, { verdict: 'approve', reviewer })
      }
    },
    ran: (tool) => effectsIn(directory).filter((effect) => effect.tool === tool).length,
  }
}

/** One row: what ran, after approvals, a repeated resume, and a forged approval of a conversation of its own. */
async function row(harness: AdapterHarness) {
  const honest = await open(harness)
  await honest.approve(await honest.ask([step]))
  await honest.resume()
  // Before the replay: a thread that is put back to an older state runs what was allowed again, as without Lelu.
  const sibling = honest.ran('allowed')
  await honest.replay()
  const forged = await open(harness)
  await forged.ask([step])
  await forged.forge()
  return {
    sibling,
    denied: honest.ran('denied'),
    approved: honest.ran('reviewed') / 2,
    forged: forged.ran('reviewed'),
  }
}

const harnesses = [
  agentV2,
  agentV1,
  toolNode,
  generateText,
  streamText,
  toolLoopAgent,
  chatCompletions,
  responses,
  agentsSdk,
]

test.each(harnesses.map((harness) => [harness.name, harness] as const))(
  '%s: the allowed sibling and each approved call run once, what is denied or forged never',
  async (_name, harness) => {
    const { sibling, denied, approved, forged } = await row(harness)
    expect({ sibling, denied, approved, forged }).toEqual({
      sibling: 1,
      denied: 0,
      approved: 1,
      forged: 0,
    })
    const cells = [harness.name, sibling, denied, approved, forged]
    expect(page.replace(/ +/g, ' ')).toContain(`| ${cells.join(' | ')} |`)
  },
  60_000,
)
