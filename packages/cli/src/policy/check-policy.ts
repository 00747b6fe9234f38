import type { PolicyIssue } from '@lelu/rego'
import type { CommandContext } from '../command-context.ts'
import { describeFailure } from '../fail.ts'
import { painter, report } from '../print.ts'
import { countIssues, issueLines, loadFolder, type PolicyFolder } from './load-folder.ts'
import { unreadRules } from './unread-rules.ts'

/** `policy check`: passes exactly when the engine would load the policy and its tests compile. */
export async function checkPolicy(
  context: CommandContext,
  path: string,
  options: { package: string },
): Promise<void> {
  const folder = await loadFolder(path)
  const { check } = await import('@lelu/rego')
  const { issues, modules } = await check(folder.tested)
  const hasError = () => issues.some(({ severity }) => severity === 'error')
  if (!hasError()) issues.push(...(await loadIssues(folder, options.package)))
  const ok = !hasError()
  if (ok) issues.push(...(await unreadRules(folder, modules, options.package)))
  if (!ok) context.setExitCode(1)
  const paint = painter(context.io)
  const lines = issues.flatMap((issue) => issueLines(issue, folder.root, paint))
  const verdict = ok ? paint('green', 'ok') : paint('red', 'failed')
  const count = folder.tested.modules.length // one that cannot be parsed is not among `modules`
  const files = `${count} file${count === 1 ? '' : 's'}`
  lines.push(`${verdict}: ${files}, ${countIssues(issues)}`)
  report(context, { ok, folder: folder.root, issues, modules }, lines)
}

/** What only loading finds: a package without any of the three rules, a built-in the engine does not have. */
async function loadIssues({ source }: PolicyFolder, name: string): Promise<PolicyIssue[]> {
  const { loadPolicy, isLeluError } = await import('@lelu/engine')
  try {
    await loadPolicy({ policies: source, package: name, cache: false })
    return []
  } catch (error) {
    if (!isLeluError(error)) throw error
    const { code, message, help, details } = describeFailure(error)
    const found = Array.isArray(details.issues) ? (details.issues as PolicyIssue[]) : []
    if (found.length > 0) return found
    return [
      { severity: 'error', code, message: `${message}\n${help}`, file: '', line: 0, column: 0 },
    ]
  }
}
