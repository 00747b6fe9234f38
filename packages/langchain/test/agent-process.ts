import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { fakeModel } from '@langchain/core/testing'
import { Command } from '@langchain/langgraph'
import { createLelu } from '@lelu/engine'
import { AIMessage, createAgent, tool } from 'langchain'
import { z } from 'zod'
import { leluMiddleware, pendingApprovals } from '../src/index.ts'
import { FileSaver } from './file-saver.ts'
import { testPolicy } from './policy.ts'

// One run of an agent in a process of its own: agent-process.ts FOLDER ask|resume

const [folder = '', verb] = process.argv.slice(2)
const ledger = join(folder, 'ledger.txt')

const reviewed = tool(
  ({ amount }) => {
    appendFileSync(ledger, `${amount}\n`)
    return [`sent ${amount}`, { amount }]
  },
  {
    name: 'reviewed',
    schema: z.object({ amount: z.coerce.number() }),
    responseFormat: 'content_and_artifact',
  },
)

const call = { id: 'call_0', name: 'reviewed', args: { amount: '5' } }
const answers = {
  ask: new AIMessage({ content: '', tool_calls: [call] }),
  resume: new AIMessage('Finished.'),
}
const lelu = await createLelu({ directory: join(folder, '.lelu'), policies: testPolicy })
const agent = createAgent({
  model: fakeModel().respond(verb === 'ask' ? answers.ask : answers.resume),
  tools: [reviewed],
  middleware: [leluMiddleware({ lelu, subject: { id: 'agent-1', type: 'agent' } })],
  checkpointer: new FileSaver(join(folder, 'threads.json')),
})
const input =
  verb === 'ask'
    ? { messages: [{ role: 'user', content: 'Go on.' }] }
    : new Command({ resume: true })
try {
  const result = await agent.invoke(input, { configurable: { thread_id: 'thread-1' } })
  const answered = result.messages.find((message) => message.getType() === 'tool')
  console.log(
    JSON.stringify({ pending: pendingApprovals(result), answered: answered?.toDict() ?? null }),
  )
} catch (error) {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  console.log(JSON.stringify({ code: (cause as { code?: string }).code ?? String(cause) }))
} finally {
  await lelu.close()
}
