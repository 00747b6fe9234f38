import { openArchive } from '@lelu/audit'
import { inputField } from '@lelu/confidence'
import { createLelu, type Subject } from '@lelu/engine'
import { leluMiddleware, pendingApprovals, resume } from '@lelu/langchain'
import { createAgent } from 'langchain'
import { FileSaver } from './file-saver.ts'
import { layoutFromEnvironment, policies } from './layout.ts'
import { createModel } from './model.ts'
import { createTools } from './tools.ts'

// One run of the agent in a process of its own:
//   agent.ts ask THREAD TEXT     the customer says something
//   agent.ts resume THREAD       goes on with the calls that a reviewer has decided
// The last line of its output is the result as JSON.

const [verb, thread, text] = process.argv.slice(2)
if (thread === undefined || (verb === 'ask') !== (text !== undefined)) {
  console.error('Usage: agent.ts ask THREAD TEXT | agent.ts resume THREAD')
  process.exit(2)
}

/** The reviewer is somebody else: neither the agent nor its customer may approve this agent's calls. */
const subject: Subject = {
  id: 'trading-agent',
  type: 'agent',
  actingFor: { id: 'customer-7', type: 'user' },
}

const systemPrompt = `You trade for a customer. Call one tool for each request, then say what came of it.
Report how sure you are as the tool's confidence. When the customer names a confidence, report that number.`

const { lelu: directory, ledger, threads } = layoutFromEnvironment()
const archive = process.env.LELU_ARCHIVE && (await openArchive(process.env.LELU_ARCHIVE))
const lelu = await createLelu({ directory, policies, ...(archive && { archive }) })
try {
  const agent = createAgent({
    model: await createModel(),
    tools: [...createTools(ledger)],
    systemPrompt,
    middleware: [leluMiddleware({ lelu, subject, confidence: inputField('confidence') })],
    checkpointer: new FileSaver(threads),
  })
  const config = { configurable: { thread_id: thread } }

  async function run() {
    if (text !== undefined)
      return agent.invoke({ messages: [{ role: 'user', content: text }] }, config)
    const state = await agent.graph.getState(config)
    const command = await resume({ result: state, lelu })
    return command === undefined ? undefined : agent.invoke(command, config)
  }

  const result = await run()
  const last = result?.messages.at(-1)
  const pending = pendingApprovals(result)
  const answer = pending.length > 0 ? undefined : last?.text
  const status =
    result === undefined ? 'nothing to do' : pending.length > 0 ? 'suspended' : 'answered'
  console.log(JSON.stringify({ status, pending, answer }))
} finally {
  await lelu.close()
}
