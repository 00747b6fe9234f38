import { CliError, safeJson } from '@lelu/cli/terminal'
import type { CommandContext } from '../command-context.ts'
import { type AcceptedTool, acceptDefinitions } from '../gateway/accept.ts'
import { acceptedLines } from '../gateway/accepted-lines.ts'
import type { ServerEntry } from '../gateway/config.ts'
import { listDefinitions } from '../gateway/list-definitions.ts'

export type AcceptOptions = { yes?: boolean; dryRun?: boolean }

/** A server whose tools are to be accepted; `tool` undefined: all of them. */
export type Asked = { server: string; entry: ServerEntry; tool: string | undefined }

/** Shows what is different about the tools of these servers, asks, and pins them as they are now in the file `path`. */
export async function acceptTools(
  context: CommandContext,
  path: string,
  asked: readonly Asked[],
  options: AcceptOptions,
): Promise<void> {
  const { io, globals } = context
  const { json } = globals()
  const yes = options.yes === true
  if (!yes && options.dryRun !== true && !io.terminal.stdin) {
    throw new CliError('LELU_USAGE_INVALID', 'Nobody can be asked here.', {
      help: 'Look with --dry-run, then accept with --yes.',
    })
  }
  const all: AcceptedTool[] = []
  for (const { server, entry, tool } of asked) {
    const notice = (text: string) => io.writeError(`${server}: ${text}\n`)
    const listed = await listDefinitions({ entry, notice, signal: io.signal }).catch((cause) => {
      throw new CliError('LELU_INPUT_INVALID', `The server ${server} does not list its tools.`, {
        help: 'Start it, or correct its entry in the configuration.',
        cause,
      })
    })
    const given = { path, server, listed, ...(tool !== undefined && { tool }) }
    const found = await acceptDefinitions({ ...given, preview: true })
    if (!json) io.write(acceptedLines(server, found))
    if (found.length === 0 || options.dryRun === true) {
      all.push(...found)
      continue
    }
    const answer = yes ? 'yes' : await io.ask(`Accept ${found.length} of ${server}? [y/N] `)
    if (!/^y(es)?$/i.test(answer.trim())) {
      context.setExitCode(1)
      continue
    }
    // What was shown is what is pinned: the list is the same one.
    all.push(...(await acceptDefinitions(given)))
    if (!json) io.write(`Accepted. ${path} has them now.\n`)
  }
  if (json) io.write(`${safeJson({ accepted: all, dryRun: options.dryRun === true }, 0)}\n`)
}
