import { baseProgram } from './base-program.ts'
import { addApprovals } from './commands/approvals.ts'
import { addAudit } from './commands/audit.ts'
import { addDecide } from './commands/decide.ts'
import { addGrants } from './commands/grants.ts'
import { addInit } from './commands/init.ts'
import { addKillSwitch } from './commands/kill-switch.ts'
import { addNotifications } from './commands/notifications.ts'
import { addPolicy } from './commands/policy.ts'
import { addTokens } from './commands/tokens.ts'
import type { Io } from './io.ts'
import type { Program } from './run-program.ts'
import { version } from './version.ts'

/** The `lelu` command. It prints and reads through `io` alone, and throws instead of exiting. */
export function createProgram(io: Io): Program {
  const description = "Policy, approvals, tokens and audit log of AI agents' tool calls."
  const { program, context, exitCode } = baseProgram({ name: 'lelu', description, version }, io)
  addInit(program, context)
  addDecide(program, context)
  addPolicy(program, context)
  addApprovals(program, context)
  addGrants(program, context)
  addKillSwitch(program, context)
  addNotifications(program, context)
  addTokens(program, context)
  addAudit(program, context)
  return { program, exitCode }
}
