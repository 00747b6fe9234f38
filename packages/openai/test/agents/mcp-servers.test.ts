import {
  Agent,
  type FunctionTool,
  getAllMcpTools,
  type MCPServer,
  Runner,
  toolNamespace,
} from '@openai/agents'
import { expect, test } from 'vitest'
import { guardAgentTools, pendingApprovals, resumeRun } from '../../src/agents/index.ts'
import { calling, ScriptedModel } from './model.ts'
import { answersOf, approveAll, openLelu, subject } from './support.ts'

const runner = new Runner({ tracingDisabled: true })

/** A server whose tools are named as those of any other, and what it did. */
function serverOf(name: string, ran: string[]): MCPServer {
  const properties = { amount: { type: 'number' } }
  const inputSchema = { type: 'object', properties, required: ['amount'] }
  return {
    name,
    cacheToolsList: false,
    connect: async () => {},
    close: async () => {},
    invalidateToolsCache: async () => {},
    listTools: async () => [{ name: 'reviewed', description: 'Pays.', inputSchema }] as never,
    callTool: async () => {
      ran.push(name)
      return [{ type: 'text', text: `${name} paid` }] as never
    },
  }
}

const inNamespace = (tools: FunctionTool[]) =>
  toolNamespace({ name: 'bank', description: 'A bank.', tools })

/** A conversation with the tools of whatever server is named. */
async function openBanks(place: (tools: FunctionTool[]) => FunctionTool[] = (tools) => tools) {
  const lelu = await openLelu()
  const options = { lelu, subject, run: 'conversation-1' }
  const ran: string[] = []
  const namespace = place === inNamespace ? 'bank' : undefined
  const pays = { id: 'call_0', tool: 'reviewed', input: { amount: 5 } }
  const open = async (server: string) => {
    const tools = (await getAllMcpTools([serverOf(server, ran)])) as FunctionTool[]
    const model = new ScriptedModel(calling({ ...pays, ...(namespace && { namespace }) }))
    return new Agent({ name: 'agent', tools: guardAgentTools(place(tools), options), model })
  }
  const resume = async (server: string, stored: string) => {
    const agent = await open(server)
    return runner.run(agent, await resumeRun(agent, stored, options))
  }
  const ask = async () => runner.run(await open('one'), 'Go on.')
  const seen = async () => (await lelu.approvals.list({})).approvals.map(({ request }) => request)
  return { lelu, options, ran, ask, resume, seen }
}

test.each([
  ['tool', (tools: FunctionTool[]) => tools],
  ['tool in a namespace', inNamespace],
])(
  'an approval for a %s of one MCP server runs nothing on another that is in its place',
  async (_, place) => {
    const { lelu, options, ran, ask, resume } = await openBanks(place)
    const asked = await ask()
    expect(await pendingApprovals(asked, options)).toHaveLength(1)
    await approveAll(lelu)
    const stored = asked.state.toString()
    const [answer] = answersOf(await resume('two', stored))
    expect(answer?.text).toContain('on record already')
    expect(ran).toEqual([])
    expect(answersOf(await resume('one', stored))[0]?.text).toContain('one paid')
    expect(ran).toEqual(['one'])
  },
)

test('a policy and a reviewer see the MCP server of a tool, behind the namespace that the app has put it in', async () => {
  const plain = await openBanks()
  await plain.ask()
  expect(await plain.seen()).toMatchObject([{ call: { tool: 'reviewed', server: 'one' } }])
  const placed = await openBanks(inNamespace)
  await placed.ask()
  expect(await placed.seen()).toMatchObject([{ call: { tool: 'reviewed', server: 'bank/one' } }])
})
