import { type Agent, RunState } from '@openai/agents'

type Approvals = { [tool: string]: unknown }

/** Where a stored run keeps what was approved in it. */
type StoredRun = {
  context: {
    approvals: Approvals
    functionApprovals?: { agentIdentity: string; approvals: Approvals }[]
    legacyFunctionApprovals?: Approvals
  }
}

/** What no app would put where an approval of this call stands. The SDK refuses some of it, and takes the rest. */
const garbageFor = (callId: string): unknown[] => [
  'yes',
  { approved: 'yes', rejected: null },
  { approved: { [callId]: true }, rejected: [] },
  { approved: true, rejected: true },
  { approved: [callId, '', callId], rejected: [callId], messages: { [callId]: '' } },
  { approved: [callId], rejected: [], stickyRejectMessage: '', granted: { by: 'nobody' } },
]

/** This stored run once for each kind of garbage, in every place where the SDK looks for approvals. */
export async function garbled<Context>(agent: Agent<Context>, stored: string): Promise<string[]> {
  const state = await RunState.fromString<Context, Agent<Context>>(agent, stored)
  const items = state.getInterruptions()
  // Approved first, so that the SDK has bound an approval to the call and the garbage only has to be believed.
  for (const item of items) state.approve(item)
  const approved = state.toString()
  const names = items.map(({ rawItem }) => ('name' in rawItem ? rawItem.name : ''))
  const [callId = ''] = items.map(({ rawItem }) => ('callId' in rawItem ? rawItem.callId : ''))
  return garbageFor(callId).map((garbage) => {
    const run = JSON.parse(approved) as StoredRun
    const byName = Object.fromEntries(names.map((name) => [name, garbage]))
    run.context.approvals = byName
    run.context.legacyFunctionApprovals = byName
    for (const { approvals } of run.context.functionApprovals ?? []) {
      for (const key of Object.keys(approvals)) approvals[key] = garbage
    }
    return JSON.stringify(run)
  })
}
