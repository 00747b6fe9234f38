import { CliError } from '@lelu/cli/terminal'
import { type Command, Option } from 'commander'
import type { Client } from '../clients/client.ts'
import { clients } from '../clients/table.ts'

/** A flag for every client, and those that name several. What was chosen: `selectClients`. */
export function addClientOptions(command: Command, what: string): Command {
  for (const { id, title } of clients) {
    command.addOption(new Option(`--${id}`, title).helpGroup('Clients:'))
  }
  for (const [word, meant] of firstWords()) {
    command.addOption(new Option(`--${word}`).hideHelp())
    command.on(`option:${word}`, () => {
      throw notWhole(word, meant)
    })
  }
  return command
    .addOption(new Option('--detect', `${what} every client that is found`).helpGroup('Clients:'))
    .addOption(new Option('--all', `${what} every client there is`).helpGroup('Clients:'))
}

/**
 * Half of a flag, such as `--claude`, with the clients that it begins. To commander it would be an unknown option, for
 * which it proposes the nearest by letters: `--cline`.
 */
function firstWords(): Map<string, Client[]> {
  const words = new Map<string, Client[]>()
  for (const client of clients) {
    const [word = '', ...rest] = client.id.split('-')
    if (rest.length === 0 || clients.some(({ id }) => id === word)) continue
    words.set(word, [...(words.get(word) ?? []), client])
  }
  return words
}

function notWhole(word: string, meant: readonly Client[]): CliError {
  const flags = meant.map(({ id, title }) => `--${id} (${title})`)
  return new CliError('LELU_USAGE_INVALID', `Unknown option '--${word}'.`, {
    help: `Did you mean ${flags.join(' or ')}?`,
  })
}

/** `--global | --project` and `--name`. */
export function addPlaceOptions(command: Command): Command {
  return command
    .addOption(new Option('--global', 'in the file of this user').conflicts('project'))
    .addOption(new Option('--project', 'in the file of this folder').conflicts('global'))
    .option('--name <name>', 'what the entry is called', 'lelu')
}
