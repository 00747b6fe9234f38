import { CliError } from '@lelu/cli/terminal'
import type { Client } from './client.ts'
import { entryFor, type Wanted } from './entry.ts'

/** The link by which Cursor or VS Code asks to add a server; null for clients without one. Holds no secret. */
export function deeplink(client: Client, name: string, wanted: Wanted): string | null {
  if (client.id !== 'cursor' && client.id !== 'vscode') return null
  if (wanted.kind === 'http' && Object.keys(wanted.headers).length > 0) {
    throw new CliError(
      'LELU_USAGE_INVALID',
      'A link with the value of a header would give it away.',
      {
        help: 'Use --token-env, or leave --deeplink out.',
      },
    )
  }
  const { shape, beside } = entryFor(client, wanted, { name, scope: 'global' })
  if (client.id === 'cursor') {
    const config = Buffer.from(JSON.stringify(shape.required)).toString('base64')
    return `cursor://anysphere.cursor-deeplink/mcp/install?name=${encodeURIComponent(name)}&config=${encodeURIComponent(config)}`
  }
  const inputs = beside.map(({ value }) => value)
  const config = { name, ...shape.required, ...(inputs.length > 0 && { inputs }) }
  return `vscode:mcp/install?${encodeURIComponent(JSON.stringify(config))}`
}
