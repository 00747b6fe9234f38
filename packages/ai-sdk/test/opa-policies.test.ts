import { opaPolicy as policyOf } from '@ai-sdk/policy-opa'
import { generateText, type ToolSet, tool } from 'ai'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { opaPolicies, type ToolApproval } from '../src/index.ts'
import { scriptedModel } from './scripted-model.ts'
import { answers, guardWith, logOf, openLelu, question } from './support.ts'

/** The policy of the README of @ai-sdk/policy-opa, with the one import that OPA itself misses in it. */
const calls = `package agent.call

import future.keywords.in

default decision := { "decision": "not-applicable" }

decision := { "decision": "deny", "reason": "pushes require human review" } {
  input.tool.name == "git"
  input.args.args[0] == "push"
}

decision := { "decision": "allow" } {
  input.tool.name == "git"
  input.args.args[0] in {"status", "log", "diff", "show"}
}

decision := { "decision": "requires-approval", "reason": "kubectl by oncall" } {
  input.tool.name == "kubectl"
  input.runtimeContext.role == "sre-oncall"
}
`

/** Its policy for a git within a shell, and rules that answer in other ways. */
const actions = `package agent.action

import rego.v1

git_read_only := {"status", "log", "diff", "show"}

default decision := {"decision": "deny", "reason": "command not permitted by policy"}

decision := {"decision": "allow"} if {
	input.kind == "git"
	git_read_only[input.subcommand]
}

decision := {"decision": "deny", "reason": msg} if {
	input.kind == "git"
	not git_read_only[input.subcommand]
	msg := sprintf("git %s is not permitted (read-only git only)", [input.subcommand])
}

legacy := {"allow": count(input.messages) < 2, "reason": "by the messages"}
unknown := {"decision": "perhaps", "allow": true}
odd := "allow"
silent := {"decision": "allow"} if input.tool.name == "nobody"
`

const rules = ['decision', 'legacy', 'unknown', 'odd', 'silent'].map(
  (rule) => `agent/action/${rule}`,
)

async function ask(more: Parameters<typeof guardWith>[1] = {}) {
  const modules = [
    { path: 'calls.rego', source: calls },
    { path: 'actions.rego', source: actions },
  ]
  const lelu = await openLelu({
    policies: opaPolicies({ modules }, ['agent/call/decision', ...rules]),
  })
  const guard = guardWith(lelu, more)
  return { lelu, guard, client: guard.policyClient({ document: true }) }
}

const git = (name: string, ...args: string[]) => ({
  tool: { name },
  args: { args },
  messages: [],
  runtimeContext: { role: 'sre-oncall' },
})

test('the policy of the README of policy-opa runs as it is, on the document that it was written for', async () => {
  const { client, lelu } = await ask()
  const path = 'agent/call/decision'
  expect(await client.evaluate(path, git('git', 'status'))).toEqual({ decision: 'allow' })
  expect(await client.evaluate(path, git('git', 'push'))).toEqual({
    decision: 'deny',
    reason: 'pushes require human review',
  })
  expect(await client.evaluate(path, git('kubectl', 'get'))).toEqual({
    decision: 'requires-approval',
    reason: 'kubectl by oncall',
  })
  const other = { ...git('kubectl', 'get'), runtimeContext: { role: 'guest' } }
  // "Not applicable" is no permission here.
  expect(await client.evaluate(path, other)).toMatchObject({ decision: 'deny' })
  expect(logOf(lelu)).toEqual([
    'decision allow',
    'decision deny',
    'decision require_approval',
    'decision deny',
  ])
})

test('a document of another shape is decided by the rule at its own path', async () => {
  const { client } = await ask()
  const path = 'agent/action/decision'
  const input = (subcommand: string) => ({ kind: 'git', subcommand, args: [] })
  expect(await client.evaluate(path, input('log'))).toEqual({ decision: 'allow' })
  expect(await client.evaluate(path, input('clone'))).toEqual({
    decision: 'deny',
    reason: 'git clone is not permitted (read-only git only)',
  })
  expect(await client.evaluate(path, { kind: 'bash' })).toMatchObject({
    reason: 'command not permitted by policy',
  })
})

test('booleans are read as policy-opa reads them, and what says nothing denies', async () => {
  const { client, guard } = await ask()
  const said = { ...git('git'), messages: [{}, {}] }
  expect(await client.evaluate('agent/action/legacy', git('git'))).toEqual({ decision: 'allow' })
  expect(await client.evaluate('agent/action/legacy', said)).toEqual({
    decision: 'deny',
    reason: 'by the messages',
  })
  for (const path of [
    'agent/action/unknown',
    'agent/action/odd',
    'agent/action/silent',
    'agent/none',
  ]) {
    expect(await client.evaluate(path, git('git', 'status'))).toMatchObject({ decision: 'deny' })
  }
  // A client that hands no document over, and one whose document is no JSON.
  const bare = guard.policyClient()
  const status = git('git', 'status')
  expect(await bare.evaluate('agent/call/decision', status)).toMatchObject({ decision: 'deny' })
  const live = { ...status, runtimeContext: { count: 1n } }
  await expect(client.evaluate('agent/call/decision', live)).rejects.toMatchObject({
    code: 'LELU_REQUEST_INVALID',
  })
})

test.each([
  ['{"decision": "allow"}', 'allow'],
  ['{"allow": true}', 'allow'],
  ['{"allow": false}', 'deny'],
  ['{"allow": "yes"}', 'deny'],
  ['"allow"', 'deny'],
  ['true', 'deny'],
  ['null', 'deny'],
  ['["allow"]', 'deny'],
  ['{"decision": "requires-approval", "reason": 5}', 'requires-approval'],
])('a rule that says %s and nothing else is a policy too', async (said, decision) => {
  const modules = [{ path: 'a.rego', source: `package a.b\n\nc := ${said}\n` }]
  const client = guardWith(
    await openLelu({ policies: opaPolicies({ modules }, ['a/b/c']) }),
  ).policyClient({ document: true })
  expect(await client.evaluate('a/b/c', git('git'))).toMatchObject({ decision })
})

test('a conversation that is too long for a request denies', async () => {
  const { client } = await ask()
  const long = { ...git('git', 'status'), messages: [{ content: 'x'.repeat(1024 * 1024) }] }
  await expect(client.evaluate('agent/call/decision', long)).rejects.toMatchObject({
    code: 'LELU_INPUT_TOO_LARGE',
  })
})

test('a whole set-up of policy-opa is decided by its own rules, whatever the option context adds', async () => {
  const forged = { opa: { path: 'agent/call/decision', input: git('git', 'status') } }
  const { client } = await ask({ context: forged })
  const ran: unknown[] = []
  const tools: ToolSet = {
    git: tool({
      inputSchema: z.object({ args: z.array(z.string()) }),
      execute: (input) => void ran.push(input),
    }),
  }
  const toolApproval = policyOf({ client, path: 'agent/call/decision' }) as unknown as ToolApproval
  const steps = ['push', 'status'].map((arg) => ({ id: arg, tool: 'git', input: { args: [arg] } }))
  const { responseMessages } = await generateText({
    model: scriptedModel([steps]).model,
    tools,
    toolApproval,
    messages: question,
    runtimeContext: { role: 'guest' },
  })
  expect(answers(responseMessages).push).toMatchObject({ reason: 'pushes require human review' })
  expect(ran).toEqual([{ args: ['status'] }])
})

test.each([[[]], [['agent']], [['agent/call"] == 1']], [['agent.call.decision']]])(
  'the paths %j name no rule',
  (paths) => {
    expect(() => opaPolicies({ modules: [] }, paths)).toThrow(
      expect.objectContaining({ code: 'LELU_OPTIONS_INVALID' }),
    )
  },
)
