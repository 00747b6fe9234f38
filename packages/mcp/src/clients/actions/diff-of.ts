import type { Place } from '../client.ts'
import { unifiedDiff } from '../diff.ts'
import type { Plan } from '../plan.ts'
import { shownPath } from '../scope.ts'
import { hide, secretsOf } from '../secrets.ts'

/** What a plan would change in its file, without a secret of any server in it. */
export function diffOf(
  { file, text, data, after }: Pick<Plan, 'file' | 'text' | 'data' | 'after'>,
  place: Place,
): string {
  if (text === null) return ''
  const secrets = [...secretsOf(data), ...secretsOf(after)]
  return hide(unifiedDiff(shownPath(file.path, place), file.text, text), secrets)
}
