import type { CheckResult, PolicyIssue } from '@lelu/rego'
import type { PolicyFolder } from './load-folder.ts'

const asked = ['allow', 'require_approval', 'deny', 'obligations']

/**
 * Warns of rules that look as if they decided, and that nothing reads: all those of the engine's package, and of others
 * those with one of the four names. Against a `deny` that never denies, for a slip in its name or in that of its package,
 * or because its file is taken for a test.
 */
export async function unreadRules(
  { source, tested }: PolicyFolder,
  modules: CheckResult['modules'],
  name: string,
): Promise<PolicyIssue[]> {
  const { compile, hasRule } = await import('@lelu/rego')
  const loaded = new Set(source.modules.map(({ path }) => path))
  const own = modules
    .filter((module) => module.package === name && loaded.has(module.path))
    .flatMap(({ rules }) => rules)
  const entrypoints = asked
    .filter((rule) => own.some((one) => one === rule || one.startsWith(`${rule}.`)))
    .map((rule) => `${name.replaceAll('.', '/')}/${rule}`)
  const { wasm } = await compile({ ...source, entrypoints, cache: false })

  function isUnread(home: string, rule: string, path: string): boolean {
    if (!loaded.has(path)) return home === name && asked.includes(rule)
    // The name of a path with brackets is another one in the Wasm.
    if (`${home}.${rule}`.includes('[')) return false
    return (home === name || asked.includes(rule)) && !hasRule(wasm, `${home}.${rule}`)
  }
  return modules.flatMap(({ path, package: home, rules }) => {
    const text = tested.modules.find((one) => one.path === path)?.source ?? ''
    const where = home === name ? '' : ` of package ${home}`
    const why = loaded.has(path)
      ? `the engine asks the rules ${asked.slice(0, -1).join(', ')} and ${asked.at(-1)} of package ${name}`
      : 'a file whose name ends in _test.rego is a test, and the engine does not load it'
    return rules
      .filter((rule) => isUnread(home, rule, path))
      .map((rule) => ({
        ...{ severity: 'warning' as const, code: 'lelu_rule_unread', file: path },
        message: `nothing reads the rule ${rule}${where}: ${why}`,
        ...placeOf(rule, text),
      }))
  })
}

/** Where a rule begins for the first time. */
function placeOf(rule: string, text: string): Pick<PolicyIssue, 'line' | 'column' | 'text'> {
  const lines = text.split(/\r?\n/)
  const head = new RegExp(`^[ \\t]*(?:default[ \\t]+)?${rule.replaceAll('.', '\\.')}(?!\\w)`)
  const index = Math.max(
    0,
    lines.findIndex((line) => head.test(line)),
  )
  const line = lines[index] ?? ''
  return { line: index + 1, column: line.length - line.trimStart().length + 1, text: line }
}
