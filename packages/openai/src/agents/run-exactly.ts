import { asInput, isSameInput, type Json, LeluError, notRun } from '@lelu/engine/adapter'
import type { RunContext } from '@openai/agents'
import type { AgentTool, ToolDetails } from './agent-tool.ts'
import { sdkOf, unseen } from './parse-input.ts'
import { symbolIn, symbolOf } from './parsed-symbol.ts'

type Told = Record<symbol, ((parsed: unknown) => void) | undefined>

/** Where this run tells what it parsed. Undefined where it tells nobody. */
async function symbolFor(tool: AgentTool, details: ToolDetails): Promise<symbol | undefined> {
  const sdk = sdkOf(tool)
  return symbolIn(details) ?? (sdk && (await symbolOf(sdk)))
}

function sameAs(parsed: unknown, expected: Json): boolean {
  try {
    return isSameInput(asInput(parsed), expected)
  } catch {
    return false
  }
}

/**
 * Runs the tool on this text and stops it, right before its own code, when its schema makes another input of it than
 * the one that was decided on: a schema may answer differently each time it is asked.
 */
export async function runExactly(
  tool: AgentTool,
  call: { runContext: RunContext<unknown>; text: string; details: ToolDetails },
  expected: Json,
): Promise<unknown> {
  const { runContext, text, details } = call
  const symbol = await symbolFor(tool, details)
  if (symbol === undefined) throw notRun(unseen(tool.name))
  // The same object, and not a copy: the SDK keeps what belongs to it by its identity.
  const told = details as Told
  const tell = told[symbol]
  let changed = false
  told[symbol] = (parsed) => {
    changed = !sameAs(parsed, expected)
    if (changed) throw notRun(changedInput(tool.name))
    tell?.(parsed)
  }
  try {
    const output = await tool.invoke(runContext, text, details)
    // The SDK makes a text of what is thrown in a tool.
    if (changed) throw notRun(changedInput(tool.name))
    return output
  } finally {
    told[symbol] = tell
  }
}

function changedInput(tool: string): LeluError {
  return new LeluError(
    'LELU_TOOL_UNSUPPORTED',
    `The schema of the tool ${tool} makes another input of the arguments than the one that was decided on. The tool was not run.`,
    { help: 'Use a schema that always answers the same.' },
  )
}

/** The SDK's own words for arguments that the schema refuses. Undefined where it cannot be sure that nothing runs. */
export async function refusedBySchema(
  tool: AgentTool,
  {
    runContext,
    text,
    details,
  }: { runContext: RunContext<unknown>; text: string; details: ToolDetails },
): Promise<{ output: unknown } | undefined> {
  const symbol = await symbolFor(tool, details)
  if (symbol === undefined) return undefined
  const told = details as Told
  const tell = told[symbol]
  let passed = false
  told[symbol] = () => {
    passed = true
    throw changedInput(tool.name)
  }
  try {
    const output = await tool.invoke(runContext, text, details)
    return passed ? undefined : { output }
  } catch (error) {
    if (passed) return undefined
    throw error
  } finally {
    told[symbol] = tell
  }
}
