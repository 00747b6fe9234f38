import type { Command } from 'commander'
import { CliError } from './fail.ts'

/**
 * Refuses an option that is given twice where only one value counts, in every command below this one. Against `stop
 * --agent a --agent b`, which would stop the second and let whoever typed it believe that both are. The options of the
 * program itself may be repeated: an alias brings `--directory`, and the command line another one.
 */
export function refuseRepeats(program: Command): void {
  for (const command of program.commands) {
    for (const option of command.options) {
      const gathers = option.variadic || Array.isArray(option.defaultValue)
      if (gathers || option.isBoolean()) continue
      let given = 0
      command.on(`option:${option.name()}`, () => {
        given += 1
        if (given > 1) throw repeated(option.flags)
      })
    }
    refuseRepeats(command)
  }
}

function repeated(flags: string): CliError {
  return new CliError('LELU_USAGE_INVALID', `Option '${flags}' was given twice.`, {
    help: 'Only one value counts. Give it once, and run the command again for the other value.',
  })
}
