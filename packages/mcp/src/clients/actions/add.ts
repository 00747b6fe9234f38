import { writeJson } from '@lelu/cli/terminal'
import type { CommandContext } from '../../command-context.ts'
import { LeluMcpError } from '../../errors.ts'
import { claudeAdd } from '../claude-command.ts'
import type { Client, Place, Scope } from '../client.ts'
import { entryFor, type Wanted } from '../entry.ts'
import { writeConfig } from '../files/write-config.ts'
import { isShared, openClient, type Plan, planAdd } from '../plan.ts'
import { type ScopeOptions, scopeOf } from '../scope.ts'
import { verifyEntry } from '../verify.ts'
import { addLines } from './add-lines.ts'
import { type ClientOptions, checkName, failureOf, placeOf, selectClients } from './common.ts'
import { diffOf } from './diff-of.ts'
import type { Added } from './results.ts'
import { printLinks, printSnippets } from './show.ts'
import { type WantedOptions, wantedOf, warningsOf } from './wanted.ts'

type AddOptions = ClientOptions &
  ScopeOptions &
  WantedOptions & {
    name: string
    yes?: boolean
    dryRun?: boolean
    print?: boolean
    deeplink?: boolean
    verify?: boolean
  }

/** Writes the entry for each client, and connects as it would. Exit code 1 when one of them failed. */
export async function add(context: CommandContext, options: AddOptions): Promise<void> {
  const place = placeOf(context)
  const chosen = selectClients(options, place)
  const name = checkName(options.name)
  const wanted = wantedOf(options, context)
  if (options.deeplink === true) return printLinks(context, chosen, name, wanted)
  if (options.print === true) return printSnippets(context, chosen, options, name, wanted)
  const results: Added[] = []
  for (const client of chosen) {
    const empty = nothingYet(client)
    try {
      const scope = scopeOf(client, options, place)
      results.push(await addOne(context, client, scope, options, name, wanted))
    } catch (error) {
      results.push({ ...empty, result: 'failed', error: failureOf(error) })
    }
  }
  const dryRun = options.dryRun === true
  if (context.globals().json) writeJson(context.io, { name, dryRun, clients: results })
  else context.io.write(addLines(results, { name, place, io: context.io, dryRun }))
  if (results.some(({ result }) => result === 'failed')) context.setExitCode(1)
}

function nothingYet({ id, title }: Client): Added {
  const nothing = { scope: null, file: null, backup: null, handshake: null, skipped: null }
  return { client: id, title, result: 'unchanged', warnings: [], next: null, ...nothing }
}

async function addOne(
  context: CommandContext,
  client: Client,
  scope: Scope,
  options: AddOptions,
  name: string,
  wanted: Wanted,
): Promise<Added> {
  const place = placeOf(context)
  const plan = planAdd(await openClient(client, scope, place), name, wanted, options.yes === true)
  const added: Added = {
    ...nothingYet(client),
    scope,
    file: plan.file.path,
    result: plan.result as Added['result'],
    warnings: [...plan.notes, ...warningsOf(wanted, scope === 'project'), ...sharing(plan)],
    next: client.next.replaceAll('{name}', name),
  }
  if (options.dryRun === true) return { ...added, diff: diffOf(plan, place) }
  if (plan.text !== null) added.backup = await write(plan, plan.text, name, wanted, place)
  if (options.verify === false) return { ...added, skipped: 'not asked to connect' }
  const verified = await verifyEntry(await openClient(client, scope, place), name, place, {
    signal: context.io.signal,
    trusted: true, // it was just written, with what the person at the command line asked for
  })
  const failed = verified.handshake?.status !== 'connected' && options.verify === true
  return {
    ...added,
    ...verified,
    ...(failed && { result: 'failed' as const, error: failureOf(notAnswering(verified.skipped)) }),
  }
}

async function write(
  plan: Plan,
  text: string,
  name: string,
  wanted: Wanted,
  place: Place,
): Promise<string | null> {
  if (plan.client.globalCommand === undefined || plan.scope !== 'global') {
    return (await writeConfig(plan.file, text)).backup
  }
  const { shape } = entryFor(plan.client, wanted, { name, scope: plan.scope })
  const before = plan.servers?.[name] as Record<string, unknown> | undefined
  await claudeAdd(name, { ...shape.required, ...shape.defaults }, before, place)
  return null
}

function sharing(plan: Plan): string[] {
  if (!isShared(plan)) return []
  const other = plan.client.id === 'claude-code' ? 'Copilot CLI' : 'Claude Code'
  return [`${other} reads this file too`]
}

function notAnswering(skipped: string | null): LeluMcpError {
  return new LeluMcpError(
    'LELU_MCP_HANDSHAKE_FAILED',
    skipped === null
      ? 'The entry is written, but its server does not answer.'
      : `The entry is written, but could not be verified: ${skipped}.`,
    { help: 'Start it with `npx @lelu/mcp serve`, then run `lelu-mcp doctor`.' },
  )
}
