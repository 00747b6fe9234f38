import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { LeluMcpError } from '../errors.ts'
import type { Place } from './client.ts'
import type { Data } from './documents/format.ts'
import { hide, secretsOf } from './secrets.ts'

// `~/.claude.json` holds all of Claude Code's state, and a running Claude Code writes it again from memory: an entry of
// ours would be lost, or would undo what it wrote. Its own command knows how; the file of a project is written by us.

const timeoutMs = 60_000

/** The command that does the same by hand, without what may be a secret. */
export function claudeAddLine(name: string, entry: Data): string {
  const text = hide(JSON.stringify(entry), secretsOf(entry)).replaceAll("'", "'\\''")
  return `claude mcp add-json -s user ${name} '${text}'`
}

/** Adds a server for the user, through `claude mcp`. The one of that name, if any, is put back when it fails. */
export async function claudeAdd(
  name: string,
  entry: Data,
  before: Data | undefined,
  place: Place,
): Promise<void> {
  const claude = await findClaude(place)
  if (claude === null) throw claudeMissing(claudeAddLine(name, entry))
  // Not `mcp add`: its --header takes every word behind it, the name too.
  const add = (data: Data) =>
    run(claude, ['mcp', 'add-json', '-s', 'user', name, JSON.stringify(data)], place)
  if (before === undefined) return add(entry)
  await run(claude, ['mcp', 'remove', '-s', 'user', name], place)
  try {
    await add(entry)
  } catch (error) {
    await add(before).catch(() => {})
    throw error
  }
}

export function claudeRemoveLine(name: string): string {
  return `claude mcp remove -s user ${name}`
}

export async function claudeRemove(name: string, place: Place): Promise<void> {
  const claude = await findClaude(place)
  if (claude === null) throw claudeMissing(claudeRemoveLine(name))
  await run(claude, ['mcp', 'remove', '-s', 'user', name], place)
}

/** Where `claude` is, by the PATH. */
export async function findClaude({ env }: Place): Promise<string | null> {
  for (const folder of (env.PATH ?? '').split(delimiter)) {
    const file = join(folder, 'claude')
    if (folder !== '' && (await isExecutable(file))) return file
  }
  return null
}

function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  )
}

function run(claude: string, args: readonly string[], { cwd, env }: Place): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = execFile(claude, [...args], { cwd, env, timeout: timeoutMs }, (error) => {
      if (error === null) resolve()
      // Not its output, which may quote the entry.
      else reject(failed(args.slice(0, 2).join(' '), child.exitCode))
    })
    child.stdin?.end()
  })
}

function failed(command: string, exitCode: number | null): LeluMcpError {
  return new LeluMcpError(
    'LELU_MCP_CLIENT_FAILED',
    `\`claude ${command}\` failed${exitCode === null ? '' : ` with exit code ${exitCode}`}.`,
    { help: 'Run `claude mcp list` to see what it says, or use --project.', details: { exitCode } },
  )
}

/** Without `claude` nothing can be written for its user. `line` does it by hand, elsewhere. */
export function claudeMissing(line: string): LeluMcpError {
  return new LeluMcpError(
    'LELU_MCP_CLIENT_FAILED',
    'Claude Code keeps the servers of its user itself, and `claude` is not on the PATH.',
    {
      help: `Install it: npm install -g @anthropic-ai/claude-code\nOr run this yourself where it is: ${line}\nOr use --project.`,
      details: { missing: 'claude' },
    },
  )
}

export function isClaudeMissing({ details }: LeluMcpError): boolean {
  return details.missing === 'claude'
}

/** Why servers are not moved out of the file of its user. */
export function keptByClaude(path: string, names: readonly string[]): LeluMcpError {
  return new LeluMcpError(
    'LELU_MCP_CLIENT_UNSUPPORTED',
    `Claude Code itself writes ${path}, again and again, so no server is moved out of it: ${names.join(', ')}. Nothing was changed.`,
    {
      help: 'Copy them from its `mcpServers` into the file of the gateway, take each out with `claude mcp remove -s user <name>`, and run `lelu-mcp add --claude-code --global`.\n--project imports those of the project, in .mcp.json.',
      details: { path, names },
    },
  )
}
