import { writeJson } from '@lelu/cli/terminal'
import type { CommandContext } from '../../command-context.ts'
import { LeluMcpError } from '../../errors.ts'
import { claudeAdd } from '../claude-command.ts'
import { type Client, nextStep, type Place, type Scope } from '../client.ts'
import { own } from '../documents/format.ts'
import { writeConfig } from '../files/write-config.ts'
import { isShared, openClient, type Plan } from '../plan.ts'
import { type ScopeOptions, scopeOf } from '../scope.ts'
import { verifyEntry } from '../verify.ts'
import { addLines } from './add-lines.ts'
import {
  type ClientOptions,
  checkName,
  failureOf,
  isSkippable,
  placeOf,
  selectClients,
} from './common.ts'
import { diffOf } from './diff-of.ts'
import { type Asked, commandEntry, isWrittenByCommand, planEntry } from './plan-entry.ts'
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

/**
 * Writes the entry for each client, and connects as it would. Exit code 1 when one of them failed, or none could have
 * it.
 */
export async function add(context: CommandContext, options: AddOptions): Promise<void> {
  const place = placeOf(context)
  const chosen = selectClients(options, place)
  const name = checkName(options.name)
  const wanted = wantedOf(options, context)
  if (options.deeplink === true) return printLinks(context, chosen, name, wanted)
  if (options.print === true) return printSnippets(context, chosen, options, name, wanted)
  const asked: Asked = { name, wanted, replace: options.yes === true }
  const results: Added[] = []
  for (const { client, scope, error } of targetsOf(chosen, options, place)) {
    try {
      if (scope === null) throw error
      results.push(await addOne(context, client, scope, options, asked))
    } catch (failure) {
      const result = isSkippable(client, options, failure) ? 'skipped' : 'failed'
      results.push({ ...nothingYet(client), result, error: failureOf(failure) })
    }
  }
  const dryRun = options.dryRun === true
  if (context.globals().json) writeJson(context.io, { name, dryRun, clients: results })
  else context.io.write(addLines(results, { name, place, io: context.io, dryRun }))
  const failed = results.some(({ result }) => result === 'failed')
  if (failed || results.every(({ result }) => result === 'skipped')) context.setExitCode(1)
}

type Target = { client: Client; scope: Scope | null; error?: unknown }

/** Where each entry goes. For all before one is written: a file may make a project of the folder, to the next client. */
function targetsOf(chosen: readonly Client[], options: AddOptions, place: Place): Target[] {
  return chosen.map((client) => {
    try {
      return { client, scope: scopeOf(client, options, place) }
    } catch (error) {
      return { client, scope: null, error }
    }
  })
}

function nothingYet({ id, title }: Client): Added {
  const nothing = { scope: null, file: null, backup: null, handshake: null, skipped: null }
  return { client: id, title, result: 'unchanged', warnings: [], next: null, ...nothing }
}

async function addOne(
  context: CommandContext,
  client: Client,
  wish: Scope,
  options: AddOptions,
  asked: Asked,
): Promise<Added> {
  const place = placeOf(context)
  const { name, wanted } = asked
  const plan = await planEntry(client, wish, asked, options, place)
  const { scope } = plan
  const added: Added = {
    ...nothingYet(client),
    scope,
    file: plan.file.path,
    result: plan.result as Added['result'],
    warnings: [...plan.notes, ...warningsOf(wanted, scope === 'project'), ...sharing(plan)],
    next: nextStep(client, { name, scope }),
  }
  if (options.dryRun === true) return { ...added, diff: diffOf(plan, place) }
  if (plan.text !== null) added.backup = await write(plan, plan.text, asked, place)
  if (options.verify === false) return { ...added, skipped: 'not asked to connect' }
  const verified = await verifyEntry(await openClient(client, scope, place), name, place, {
    signal: context.io.signal,
    trusted: isTrusted(plan, asked),
  })
  const failed = verified.handshake?.status !== 'connected' && options.verify === true
  return {
    ...added,
    ...verified,
    ...(failed && { result: 'failed' as const, error: failureOf(notAnswering(verified.skipped)) }),
  }
}

/**
 * Whether all of an entry is what the person at the command line asked for. Of an entry that came with the folder, its
 * environment and its folder are still there, and they may make another command of ours.
 */
function isTrusted({ scope, servers }: Plan, { name, wanted, replace }: Asked): boolean {
  if (replace || scope === 'global' || wanted.kind === 'http') return true
  return own(servers ?? {}, name) === undefined
}

async function write(
  plan: Plan,
  text: string,
  { name, wanted }: Asked,
  place: Place,
): Promise<string | null> {
  if (!isWrittenByCommand(plan)) return (await writeConfig(plan.file, text)).backup
  const before = plan.servers?.[name] as Record<string, unknown> | undefined
  await claudeAdd(name, commandEntry(plan, name, wanted), before, place)
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
