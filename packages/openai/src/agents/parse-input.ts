import { asInput, type Json, LeluError } from '@lelu/engine/adapter'
import type { Agent, RunContext } from '@openai/agents'
import type { AgentTool } from './agent-tool.ts'
import { calling } from './calling-model.ts'
import { serverIn } from './mcp-server.ts'
import { importedSdk, requiredSdk, type Sdk } from './sdk.ts'

/** `server` is the MCP server that the SDK made the tool of. */
export type ParsedInput = { input: Json; server?: string }
type Parsed = ({ valid: true } & ParsedInput) | { valid: false }

/** What the SDK shows `needsApproval`, by the place of the text; none for one that is not shown at all. */
type Shown = Record<number, { input: unknown }>

/** Texts that are asked for in one turn, such as those of all the calls of one answer: one run shows them all. */
type Asked = { texts: string[]; shown: Promise<Shown> }

const asked = new WeakMap<AgentTool, Asked>()

/** The copy of the SDK that knows the parser of a tool, and the agent that parses there. */
type Home = { sdk: Sdk; agent: Agent<Shown>; server?: string | undefined }

const homes = new WeakMap<AgentTool, Home>()

/**
 * The agent of a run that parses. The SDK keeps the parser of a tool to itself, so it is a run of one step whose
 * approvals are never given: whatever the tool is made of, nothing of it but its parser can run.
 */
function parsingAgent({ Agent }: Sdk, tool: AgentTool): Agent<Shown> {
  const parsing = {
    // Its `invoke` is what the SDK knows the parser by. Nothing else comes along: a namespace, deferred loading or
    // callers of its own say where a model may call it from, and here nobody does.
    type: tool.type,
    name: tool.name,
    description: '',
    strict: true,
    invoke: tool.invoke,
    // Without a schema in sight, a text that the parser refuses is shown as it is, and one without parser not at all.
    parameters: undefined,
    isEnabled: async () => true,
    inputGuardrails: [],
    needsApproval: async ({ context }: RunContext<Shown>, input: unknown, callId?: string) => {
      context[Number(callId)] = { input }
      return true
    },
  }
  return new Agent<Shown>({ name: 'parse', tools: [parsing as never] })
}

async function showIn({ sdk, agent }: Home, tool: AgentTool, texts: readonly string[]) {
  const shown: Shown = {}
  const runner = new sdk.Runner({ tracingDisabled: true, model: calling(tool.name, texts) })
  const { state } = await runner.run(agent, '', { context: shown })
  return { shown, state }
}

async function show(tool: AgentTool, texts: readonly string[]): Promise<Shown> {
  const home = homes.get(tool)
  if (home !== undefined) return (await showIn(home, tool, texts)).shown
  for (const load of [importedSdk, requiredSdk]) {
    const sdk = await load()
    if (sdk === undefined) continue
    const found = { sdk, agent: parsingAgent(sdk, tool) }
    const { shown, state } = await showIn(found, tool, texts)
    // A copy that does not know the parser shows nothing at all.
    if (Object.keys(shown).length === 0) continue
    homes.set(tool, { ...found, server: serverIn(state) })
    return shown
  }
  return {}
}

/** What the SDK shows for this text: with all that are asked for in this turn, for the run costs more than they do. */
async function shownFor(tool: AgentTool, text: string): Promise<{ input: unknown } | undefined> {
  let open = asked.get(tool)
  if (open === undefined) {
    const texts: string[] = []
    const shown = Promise.resolve().then(() => {
      asked.delete(tool)
      return show(tool, texts)
    })
    open = { texts, shown }
    asked.set(tool, open)
  }
  const { texts } = open
  const index = texts.push(text) - 1
  try {
    return (await open.shown)[index]
  } catch (error) {
    // One text may end the run for all: each is then asked for by itself.
    if (texts.length === 1) throw error
    return (await show(tool, [text]))[0]
  }
}

/** The copy of the SDK that parses the texts of a tool; undefined where none was parsed yet. */
export function sdkOf(tool: AgentTool): Sdk | undefined {
  return homes.get(tool)?.sdk
}

/** A tool that was wrapped by hand may parse once more inside: what was decided would not be what runs. */
export function unseen(tool: string, cause?: unknown): LeluError {
  return new LeluError(
    'LELU_TOOL_UNSUPPORTED',
    `What the tool ${tool} would get cannot be seen before it runs. It was not run.`,
    {
      help: 'Guard what tool() makes, with a schema that makes an object of plain data, and wrap it afterwards. Install one @openai/agents, 0.19 or later.',
      cause,
    },
  )
}

/** What the tool would get for this text: defaults set, values coerced. Throws `LELU_TOOL_UNSUPPORTED`. */
export async function parseInput(tool: AgentTool, text: string): Promise<Parsed> {
  const shown = await shownFor(tool, text).catch((error: unknown) => {
    throw unseen(tool.name, error)
  })
  if (shown === undefined) throw unseen(tool.name)
  if (typeof shown.input === 'string') return { valid: false }
  const server = homes.get(tool)?.server
  return { valid: true, input: asInput(shown.input), ...(server !== undefined && { server }) }
}
