import type { CommandContext } from '../command-context.ts'
import { CliError } from '../fail.ts'
import { withDesk } from '../open-desk.ts'
import { report, safeText } from '../print.ts'
import { localReviewer } from '../reviewer.ts'

type EraseOptions = { reason: string; tenant?: string; yes?: boolean }

/** `audit erase`: what was kept of a person cannot be read any more; the log stays as it is, and says who erased. */
export async function eraseSubject(
  context: CommandContext,
  subject: string,
  { reason, tenant = 'default', yes = false }: EraseOptions,
): Promise<void> {
  if (!yes) await ask(context, subject, tenant)
  const by = localReviewer()
  const erased = await withDesk(context, ({ inputs }) =>
    inputs.erase(subject, { tenant, by, reason }),
  )
  const name = `${safeText(subject)} of the tenant ${safeText(tenant)}`
  const place = `${erased.audit.stream}/${erased.audit.seq}`
  const what =
    erased.keys === 0
      ? `Nothing is kept of ${name} in this directory. Is the name the one that was recorded?`
      : `Erased what was kept of ${name}: its values cannot be read any more.`
  report(context, { subject, tenant, ...erased }, [
    what,
    `Recorded as ${erased.data_subject} in ${place}; the log verifies as before.`,
    'Not erased: approvals in the store, backups, and what records show in clear.',
  ])
}

async function ask(
  { io, globals }: CommandContext,
  subject: string,
  tenant: string,
): Promise<void> {
  const interactive = io.terminal.stdin && io.terminal.stdout && !globals().json
  if (!interactive) {
    throw new CliError(
      'LELU_USAGE_INVALID',
      'An erasure cannot be undone, and nobody is there to ask.',
      {
        help: 'Pass --yes to erase without a question.',
      },
    )
  }
  const whose = `${safeText(subject)} of the tenant ${safeText(tenant)}`
  const answer = await io.ask(`Erase the recorded values of ${whose}, for ever? [y/N] `)
  if (/^y(es)?$/i.test(answer.trim())) return
  throw new CliError('LELU_REVIEW_DECLINED', 'Nothing was erased.', {
    help: 'Run it again and answer y, or pass --yes.',
  })
}
