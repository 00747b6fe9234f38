import type { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'
import { withEngine } from '../open-engine.ts'
import { collect } from '../option-values.ts'
import { safeText, writeJson } from '../print.ts'
import { readInput } from '../read-text.ts'

type DecideOptions = { policies: string; input: string; package?: string; obligation: string[] }

/** `lelu decide`. */
export function addDecide(program: Command, context: CommandContext): void {
  program
    .command('decide')
    .description(
      'ask the policy about one tool call and print the decision as JSON (on one line with --json or into a pipe). ' +
        'The decision is recorded in the audit log. The exit code is 0 whatever the effect: nothing runs here',
    )
    .requiredOption('--policies <dir>', 'the folder of your Rego files')
    .requiredOption('--input <file>', 'a DecisionRequest as JSON; - reads standard input')
    .option('--package <name>', 'the package that holds the rules (default: lelu.authz)')
    .option('--obligation <type>', 'an obligation your host carries out', collect, [])
    .action((options: DecideOptions) => decide(context, options))
}

async function decide({ io, globals }: CommandContext, options: DecideOptions): Promise<void> {
  const { directory, json } = globals()
  const text = await readInput(io, options.input)
  const { parseRequest } = await import('@lelu/engine')
  // Before anything is opened: a bad request leaves no trace on the disk.
  const request = parseRequest(text)
  const { package: name, obligation: obligations } = options
  const engine = {
    directory,
    policies: options.policies,
    obligations,
    ...(name !== undefined && { package: name }),
  }
  const decision = await withEngine({ ...engine, env: io.env }, (lelu) => {
    for (const { file, line, column, message, code } of lelu.policy.warnings ?? []) {
      if (!json)
        io.writeError(`${safeText(`${file}:${line}:${column}: warning: ${message} (${code})`)}\n`)
    }
    return lelu.decide(request)
  })
  if (json) writeJson(io, decision, 0)
  else writeJson(io, decision)
}
