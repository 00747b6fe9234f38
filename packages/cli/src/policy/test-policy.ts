import { join } from 'node:path'
import type { Coverage, PolicyTest, TestResult } from '@lelu/rego'
import type { CommandContext } from '../command-context.ts'
import { CliError } from '../fail.ts'
import { type Paint, painter, report, safeLines, safeText } from '../print.ts'
import { loadFolder } from './load-folder.ts'

type TestOptions = { run?: string; coverage?: boolean }

const marks = {
  pass: ['green', 'pass'],
  fail: ['red', 'FAIL'],
  error: ['red', 'ERROR'],
  skip: ['yellow', 'skip'],
} as const

/** `policy test`: exit code 1 when a test fails, and when none ran, for that would look like success. */
export async function testPolicy(
  context: CommandContext,
  path: string,
  { run, coverage = false }: TestOptions,
): Promise<void> {
  const { tested, root } = await loadFolder(path)
  const { test } = await import('@lelu/rego')
  const result = await test({ ...tested, ...(run !== undefined && { run }), coverage })
  if (result.results.length === 0) {
    const which = run === undefined ? '' : ` that matches ${run}`
    throw new CliError('LELU_TESTS_NOT_FOUND', `There is no test in ${path}${which}.`, {
      help: 'Put rules whose names begin with test_ into *_test.rego files. `lelu init` writes an example.',
      details: { path },
    })
  }
  if (!result.ok) context.setExitCode(1)
  report(context, { folder: root, ...result }, testLines(result, root, painter(context.io)))
}

function testLines({ results, coverage, ok }: TestResult, root: string, paint: Paint): string[] {
  const count = (outcome: PolicyTest['outcome']) =>
    results.filter((one) => one.outcome === outcome).length
  const failed = count('fail') + count('error')
  const numbers = `${count('pass')} passed, ${failed} failed, ${count('skip')} skipped`
  return [
    ...results.flatMap((one) => oneTest(one, root, paint)),
    ...(coverage === undefined ? [] : coverageLines(coverage, root)),
    `${ok ? paint('green', 'ok') : paint('red', 'failed')}: ${numbers}`,
  ]
}

function oneTest(one: PolicyTest, root: string, paint: Paint): string[] {
  const { name, package: home, file, line, outcome, message, output, trace } = one
  const [style, word] = marks[outcome]
  const place = `${safeText(join(root, file))}:${line}`
  const more = [message, output, trace].filter((text) => text !== undefined && text !== '')
  const indented = more.flatMap((text) =>
    safeLines(text ?? '')
      .trimEnd()
      .split('\n'),
  )
  return [
    `${paint(style, word)}  data.${safeText(home)}.${safeText(name)}  ${place}`,
    ...(outcome === 'pass' ? [] : indented.map((text) => `      ${text}`)),
  ]
}

function coverageLines({ covered, files }: Coverage, root: string): string[] {
  const lines = Object.entries(files).flatMap(([file, { notCovered }]) =>
    notCovered.map(({ start, end }) => {
      const range = start === end ? `${start}` : `${start}-${end}`
      return `not covered  ${safeText(join(root, file))}:${range}`
    }),
  )
  return [...lines, `coverage: ${covered.toFixed(1)} % of lines`]
}
