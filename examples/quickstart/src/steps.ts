import type { Layout } from './layout.ts'
import { readLedger } from './ledger.ts'
import { type AgentResult, agent, lelu } from './processes.ts'
import { requests } from './requests.ts'
import { check, say } from './story.ts'

export type Step = { title: string; play: (story: Story) => Promise<void> }

/** What the steps share. `decide` is the reviewer: the CLI, or a person when the story is interactive. */
export type Story = {
  layout: Layout
  /** Of step 2, looked at and decided in step 3. */
  approvalId: string
  decide: (approvalId: string, story: Story) => Promise<'approved' | 'denied'>
  verdict: 'approved' | 'denied'
}

export function count(story: Story, symbol: string): number {
  return readLedger(story.layout.ledger).filter((entry) => entry.symbol === symbol).length
}

export function expectSuspended(result: AgentResult): string {
  const [first] = result.pending
  check('the call is suspended, its process has ended', result.status === 'suspended', result)
  return first?.approvalId ?? ''
}

const confident: Step = {
  title: 'A trade the model is sure of (0.97) runs at once',
  async play(story) {
    const result = await agent(['ask', 'acme', requests.clear.text], story.layout)
    check('the model has its answer', result.status === 'answered', result)
    check('the ledger shows the trade', count(story, 'ACME') === 1)
  },
}

const suspended: Step = {
  title: 'A trade it is less sure of (0.85) waits for a person',
  async play(story) {
    const result = await agent(['ask', 'globex', requests.vague.text], story.layout)
    story.approvalId = expectSuspended(result)
    check('the ledger shows nothing of it', count(story, 'GLOBEX') === 0)
  },
}

const reviewed: Step = {
  title: 'A reviewer looks at it and decides',
  async play(story) {
    const { layout, approvalId } = story
    const list = await lelu(['approvals', 'list'], layout)
    check('it is in the queue', list.includes(approvalId))
    const shown = await lelu(['approvals', 'show', approvalId], layout)
    check('the reviewer sees what would run', shown.includes('GLOBEX') && shown.includes('400'))
    story.verdict = await story.decide(approvalId, story)
    check('deciding runs nothing yet', count(story, 'GLOBEX') === 0)
  },
}

const resumed: Step = {
  title: 'A new process resumes the call',
  async play(story) {
    const result = await agent(['resume', 'globex'], story.layout)
    check('the model has its answer', result.status === 'answered', result)
    const expected = story.verdict === 'approved' ? 1 : 0
    check(
      `the ledger shows the trade ${expected === 1 ? 'exactly once' : 'not at all'}`,
      count(story, 'GLOBEX') === expected,
    )
  },
}

const resumedAgain: Step = {
  title: 'Resuming again does nothing',
  async play(story) {
    const before = readLedger(story.layout.ledger).length
    const result = await agent(['resume', 'globex'], story.layout)
    check('there was nothing to do', result.status === 'nothing to do', result)
    check('the ledger is as it was', readLedger(story.layout.ledger).length === before)
  },
}

const denied: Step = {
  title: 'A trade the reviewer denies never runs',
  async play(story) {
    const { layout } = story
    const id = expectSuspended(await agent(['ask', 'moon', requests.reckless.text], layout))
    await lelu(['approvals', 'deny', id, '--reason', 'Too much for one bet'], layout)
    const result = await agent(['resume', 'moon'], layout)
    const told = result.status === 'answered' && (result.answer ?? '') !== ''
    check('the model has its answer', told, result)
    if (process.env.OPENAI_API_KEY === undefined) {
      check('it reads the reason', result.answer?.includes('Too much for one bet') === true, result)
    }
    check('the ledger shows nothing of it', count(story, 'MOON') === 0)
  },
}

const notAllowed: Step = {
  title: 'What no rule allows is denied, however sure the model is (0.99)',
  async play(story) {
    const result = await agent(['ask', 'wire', requests.foreign.text], story.layout)
    check('the model has its answer', result.status === 'answered', result)
    say('Nobody was asked: a person can approve only what a rule sends to a person.')
    const wired = readLedger(story.layout.ledger).filter((entry) => entry.tool === 'wire_money')
    check('the ledger shows nothing of it', wired.length === 0)
  },
}

export const steps: Step[] = [
  confident,
  suspended,
  reviewed,
  resumed,
  resumedAgain,
  denied,
  notAllowed,
]
