import { isDeepStrictEqual } from 'node:util'
import { LeluMcpError } from '../../errors.ts'
import type { Place } from '../client.ts'
import { at, type Change, changeText, type Data, isObject, own } from '../documents/format.ts'
import { json } from '../documents/json.ts'
import { type ConfigFile, readConfig } from '../files/read-config.ts'
import { type GatewayText, readAsGateway } from '../gateway-check.ts'
import { misshapen, type Plan } from '../plan.ts'

/** What becomes of the gateway's file, and the variables that it names and that are not set here. */
export type Behind = Pick<Plan, 'text' | 'after' | 'data'> & { file: ConfigFile; unset: string[] }

/**
 * The gateway's file with more servers. Throws when one of them is there already and is another, and when the gateway
 * could not start with the file as it would be.
 */
export async function planGateway(
  path: string,
  servers: ReadonlyMap<string, Data>,
  place: Place,
): Promise<Behind> {
  const file = await readConfig(path)
  const data = json.parse(file.text, path)
  const there = at(data, ['mcpServers']) ?? {}
  if (!isObject(there)) throw misshapen(path, 'mcpServers is not an object')
  const taken = [...servers].filter(([name, server]) => {
    const other = own(there, name)
    return other !== undefined && !isDeepStrictEqual(other, server)
  })
  if (taken.length > 0) {
    throw nameTaken(
      path,
      taken.map(([name]) => name),
    )
  }
  const changes: Change[] = [...servers]
    .filter(([name]) => own(there, name) === undefined)
    .map(([name, value]) => ({ at: ['mcpServers', name], value }))
  const text = changes.length === 0 ? null : changeText(json, file.text, changes, path)
  const after = text === null ? data : json.parse(text, path)
  const whole = `${file.bom ? '\ufeff' : ''}${text ?? file.text}`
  const unset = check({ path, text: whole, data: after }, place)
  return { file, data, text, after, unset }
}

function check(gateway: GatewayText, place: Place): string[] {
  try {
    return readAsGateway(gateway, place)
  } catch (error) {
    if (!(error instanceof LeluMcpError)) throw error
    const { path } = gateway
    throw new LeluMcpError(
      'LELU_MCP_CONFIG_INVALID',
      `The gateway could not start with ${path} as it would be: ${error.message} Nothing was changed.`,
      { help: error.help, details: error.details, cause: error },
    )
  }
}

function nameTaken(path: string, names: readonly string[]): LeluMcpError {
  return new LeluMcpError(
    'LELU_MCP_NAME_TAKEN',
    `${path} has other servers of these names: ${names.join(', ')}. Nothing was changed.`,
    {
      help: 'Give them other names in one of the two files, then run the command again.',
      details: { path, names },
    },
  )
}
