import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { PolicySource } from '@lelu/engine'
import type { PolicyIssue } from '@lelu/rego'
import { type Paint, safeText } from '../print.ts'

export type PolicyFolder = {
  /** What the engine loads. */
  source: PolicySource
  /** The same with the `*_test.rego` files. */
  tested: PolicySource
  /** What the paths in findings are relative to. */
  root: string
}

/** Reads a policy folder (or one file) as the engine does, without and with its tests. */
export async function loadFolder(path: string): Promise<PolicyFolder> {
  const { readPolicyFolder } = await import('@lelu/engine')
  const source = await readPolicyFolder(path)
  const tested = await readPolicyFolder(path, { tests: true })
  return { source, tested, root: (await stat(path)).isDirectory() ? path : dirname(path) }
}

/** `policies/policy.rego:3:1: error: …` and the source line, as compilers print it. */
export function issueLines(issue: PolicyIssue, root: string, paint: Paint): string[] {
  const { severity, code, message, file, line, column, text = '' } = issue
  const place = file === '' ? safeText(root) : `${safeText(join(root, file))}:${line}:${column}`
  const word = paint(severity === 'error' ? 'red' : 'yellow', severity)
  const [first = '', ...more] = message.split('\n').map(safeText)
  const source = text.trim() === '' ? [] : [`      ${safeText(text.trim())}`]
  const rest = more.map((next) => `    ${next}`)
  return [`${place}: ${word}: ${first} (${safeText(code)})`, ...rest, ...source]
}

/** `2 errors, 1 warning`. */
export function countIssues(issues: readonly PolicyIssue[]): string {
  const count = (severity: PolicyIssue['severity']) => {
    const number = issues.filter((issue) => issue.severity === severity).length
    return `${number} ${severity}${number === 1 ? '' : 's'}`
  }
  return `${count('error')}, ${count('warning')}`
}
