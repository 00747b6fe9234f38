import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { run, temporaryFolder } from './support.ts'

/** What `policy check` warns of, without the folder. */
async function warningsOf(files: Record<string, string>, more: string[] = []): Promise<string[]> {
  const folder = temporaryFolder()
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  const { code, stdout } = await run(['policy', 'check', folder, ...more])
  expect(code).toBe(0)
  return stdout.split('\n').flatMap((line) => {
    const [, found] = /^.*?\/([^/]+\.rego:\d+:\d+: warning: .*)$/.exec(line) ?? []
    return found === undefined ? [] : [found]
  })
}

const allow = 'package lelu.authz\n\nallow if input.action == "trade"\n'

test('a deny with a slip in its name denies nothing, and check says so', async () => {
  const policy = `${allow}\nlarge if input.args.amount > 100\n\ndenny contains "large" if large\n`
  expect(await warningsOf({ 'policy.rego': policy })).toEqual([
    'policy.rego:5:1: warning: nothing reads the rule large: the engine asks the rules allow, require_approval, deny and obligations of package lelu.authz (lelu_rule_unread)',
    expect.stringMatching(/^policy\.rego:7:1: warning: nothing reads the rule denny: /),
  ])
})

test('a deny in a package with a slip in its name is told of, too', async () => {
  const deny = 'package lelu.autz\n\ndefault deny := false\n\ndeny if input.args.amount > 100\n'
  expect(await warningsOf({ 'policy.rego': allow, 'limits.rego': deny })).toEqual([
    'limits.rego:3:1: warning: nothing reads the rule deny of package lelu.autz: the engine asks the rules allow, require_approval, deny and obligations of package lelu.authz (lelu_rule_unread)',
  ])
})

test('a deny in a file whose name makes it a test is told of, too', async () => {
  const deny = 'package lelu.authz\n\nhigh if input.args.load > 100\n\ndeny if high\n'
  expect(await warningsOf({ 'policy.rego': allow, 'load_test.rego': deny })).toEqual([
    'load_test.rego:5:1: warning: nothing reads the rule deny: a file whose name ends in _test.rego is a test, and the engine does not load it (lelu_rule_unread)',
  ])
})

test('of what the rules read, of libraries and of tests check says nothing', async () => {
  const found = await warningsOf(
    {
      'policy.rego': `package acme.web

import data.limits
import data.teams

default known := false

known if input.action in names

names := {"trade"}

twice(x) := 2 * x

allow if known

deny if limits.deny

deny if {
	some team
	teams[team].deny
	input.args.amount > twice(5)
}
`,
      'limits.rego': 'package limits\n\ndeny if input.args.amount > 100\n\nspare if input.x\n',
      'team.rego': 'package teams.payments\n\ndeny if input.args.amount > 10\n',
      'odd.rego': 'package odd["a-b"]\n\ndeny if input.x\n', // its name says nothing in the compiled policy
      'policy_test.rego':
        'package acme.web_test\n\nimport data.acme.web\n\ndeny := web.names\n\ntest_deny if deny\n',
    },
    ['--package', 'acme.web'],
  )
  expect(found).toEqual([])
})
