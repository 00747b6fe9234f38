import { baseProgram, type Io, type Program } from '@lelu/cli/terminal'
import type { Command } from 'commander'
import type { CommandContext } from './command-context.ts'
import { addAccept } from './commands/accept.ts'
import { addAdd } from './commands/add.ts'
import { addDoctor } from './commands/doctor.ts'
import { addImport } from './commands/import.ts'
import { addList } from './commands/list.ts'
import { addRemove } from './commands/remove.ts'
import { addServe } from './commands/serve.ts'
import { addWrap } from './commands/wrap.ts'
import { version } from './version.ts'

const description =
  'Lelu for the Model Context Protocol: a server, a gateway, and the entries that clients reach them by.'

/** The commands of \`lelu-mcp\`, in the order of its help. */
const commands: readonly ((program: Command, context: CommandContext) => void)[] = [
  addServe,
  addAdd,
  addRemove,
  addList,
  addDoctor,
  addImport,
  addWrap,
  addAccept,
]

/** The `lelu-mcp` command. It prints and reads through `io` alone, and throws instead of exiting. */
export function createProgram(io: Io, cwd: string): Program {
  const { program, context, exitCode } = baseProgram({ name: 'lelu-mcp', description, version }, io)
  for (const add of commands) add(program, { ...context, cwd })
  return { program, exitCode }
}
