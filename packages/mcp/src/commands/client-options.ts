import { type Command, Option } from 'commander'
import { clients } from '../clients/table.ts'

/** A flag for every client, and those that name several. What was chosen: `selectClients`. */
export function addClientOptions(command: Command, what: string): Command {
  for (const { id, title } of clients) {
    command.addOption(new Option(`--${id}`, title).helpGroup('Clients:'))
  }
  return command
    .addOption(new Option('--detect', `${what} every client that is found`).helpGroup('Clients:'))
    .addOption(new Option('--all', `${what} every client there is`).helpGroup('Clients:'))
}

/** `--global | --project` and `--name`. */
export function addPlaceOptions(command: Command): Command {
  return command
    .addOption(new Option('--global', 'in the file of this user').conflicts('project'))
    .addOption(new Option('--project', 'in the file of this folder').conflicts('global'))
    .option('--name <name>', 'what the entry is called', 'lelu')
}
