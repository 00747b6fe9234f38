import type { ToolDetails } from './agent-tool.ts'
import { calling } from './calling-model.ts'
import type { Sdk } from './sdk.ts'

/** The SDK tells what it parsed right before it runs a tool, under a symbol that it keeps to itself, in the details. */
export function symbolIn(details: object | undefined): symbol | undefined {
  return Object.getOwnPropertySymbols(details ?? {}).find(
    ({ description }) => description === 'openai.agents.functionToolParsedInputCallback',
  )
}

const symbols = new WeakMap<Sdk, Promise<symbol | undefined>>()

/** Read from the run of a tool that does nothing. */
async function read({ Agent, Runner, tool }: Sdk): Promise<symbol | undefined> {
  let found: symbol | undefined
  const probe = tool({
    name: 'probe',
    description: '',
    strict: false,
    parameters: { type: 'object', properties: {}, required: [], additionalProperties: true },
    async execute(_input, _context, details?: ToolDetails) {
      found = symbolIn(details)
      return ''
    },
  })
  const agent = new Agent({ name: 'probe', tools: [probe], toolUseBehavior: 'stop_on_first_tool' })
  const runner = new Runner({ tracingDisabled: true, model: calling('probe', ['{}']) })
  await runner.run(agent, '')
  return found
}

/** The symbol of a copy of the SDK: sessions of realtime agents leave it out of the details, but heed it there. */
export function symbolOf(sdk: Sdk): Promise<symbol | undefined> {
  const known = symbols.get(sdk) ?? read(sdk).catch(() => undefined)
  symbols.set(sdk, known)
  return known
}
