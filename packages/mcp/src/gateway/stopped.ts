import { LeluMcpError } from '../errors.ts'
import type { PinState } from './pins.ts'

// Why a tool is not called as somebody saw it.

/** What a call of a stopped tool is answered with; undefined for one that is as it was pinned. `accept`: the command for it. */
export function stoppedError(
  state: PinState,
  { server, tool, accept }: { server: string; tool: string; accept: string },
): LeluMcpError | undefined {
  if (state === 'pinned') return undefined
  const help = `A person looks at what is different and accepts it: ${accept}. Do not retry before that.`
  const details = { server, tool }
  return state === 'changed'
    ? new LeluMcpError(
        'LELU_TOOL_CHANGED',
        `The definition of ${tool} of the server ${server} is not the one that was accepted. The call did not run.`,
        { help, details },
      )
    : new LeluMcpError(
        'LELU_TOOL_NEW',
        `The tool ${tool} of the server ${server} is new and nobody has accepted it yet. The call did not run.`,
        { help, details },
      )
}

/** Another command, folder or address than the one that the call was decided for. */
export function movedError(server: string, tool: string): LeluMcpError {
  return new LeluMcpError(
    'LELU_SERVER_CHANGED',
    `The server ${server} is another one than when this call was asked for: its command or address has changed. The call did not run.`,
    {
      help: 'What was approved does not hold for it. Ask for the call anew, under another name if it has one.',
      details: { server, tool },
    },
  )
}

/** The reviewer looked at the call by another policy: ai-gateway #2073 has its version among what must be the same. */
export function policyChangedError(server: string, tool: string): LeluMcpError {
  return new LeluMcpError(
    'LELU_POLICY_CHANGED',
    'The policy is another one than when this call was asked for. The call did not run.',
    { help: 'Ask for the call anew.', details: { server, tool } },
  )
}
