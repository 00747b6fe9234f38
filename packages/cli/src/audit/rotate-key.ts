import { join } from 'node:path'
import type { CommandContext } from '../command-context.ts'
import { report } from '../print.ts'

/** `audit rotate-key`: a new key signs from the next checkpoint of each process on; the old one beside it for a day. */
export async function rotateKey(
  context: CommandContext,
  { postQuantum = false }: { postQuantum?: boolean },
): Promise<void> {
  const { directory: home } = context.globals()
  const { rotateSigningKey } = await import('@lelu/audit')
  const folder = join(home, 'keys', 'audit')
  const { operator, replaced, until } = await rotateSigningKey({
    folder,
    log: 'lelu',
    ...(postQuantum && { postQuantum }),
  })
  const end = until.toISOString()
  report(context, { operator, replaced, until: end }, [
    `new key   ${operator}`,
    `replaces  ${replaced}`,
    `Both sign until ${end}. Processes that run take the new key up by themselves.`,
    'Whoever trusts the old key trusts the new one by the statement in the keys folder of the log.',
    'After a theft that is not enough: the thief can sign such a statement too. Give the new key out yourself.',
  ])
}
