import type { PolicyFiles } from '../resources/policies.ts'
import type { McpPrompt } from '../surface/surface.ts'
import { asked, quoted } from './quoted.ts'

const mostGoal = 4000
const mostPolicy = 60_000

const shape = [
  'The file begins with `package lelu.authz` and is Rego v1. The rules are the sets `allow`, `require_approval` and `deny`; their members are objects with `id` and `reason`, and for `require_approval` also `reviewers`, `groups`, `quorum` and `expires_in` (such as "8h").',
  'The most restrictive rule decides: deny, then require_approval, then allow; where nothing is true the call is denied.',
  'The input has `action` (the tool), `args` (its input), `confidence` (0 to 1; 0 where there is none), `tool.server`, `tool.effect` (read, idempotent, non_idempotent), `agent`, `acting_for`, `resource`, `tenant`, `context` and `signal.trust`. What stands in `context.claimed` and `context.claimed_effect` is the word of the model, and a `claimed` signal its own number: let none of them loosen a rule.',
  'Compare only what has the right type: in Rego a string is greater than every number, and null is smaller.',
]

/** `draft-policy`: has a rule drafted for a person to check. Nothing here can write a policy. */
export function draftPolicyPrompt(policies: PolicyFiles): McpPrompt {
  return {
    name: 'draft-policy',
    title: 'Draft a policy',
    description: 'Has a rule in Rego drafted, with tests. A person checks it and puts it in place.',
    arguments: [
      { name: 'goal', description: 'What should be allowed, reviewed or denied.', required: true },
    ],
    async get(values, principal) {
      const goal = Object.hasOwn(values, 'goal') ? String(values.goal).slice(0, mostGoal) : ''
      const files = policies.list(principal).flatMap(({ uri, name }) => {
        const [content] = policies.read(uri, principal)?.contents ?? []
        return content !== undefined && 'text' in content ? [`# ${name}\n${content.text}`] : []
      })
      const present = files.join('\n\n').slice(0, mostPolicy)
      return asked(
        'Draft a policy',
        'Draft a policy in Rego for the goal below, and tests for it in a file of its own (`policy_test.rego`). Say which calls it newly allows, each on a line. It is a draft: a person checks it with `lelu policy check` and `lelu policy test`, and puts it in place.',
        shape.join('\n'),
        quoted('The goal', goal),
        ...(present === '' ? [] : [quoted('The policy as it is', present)]),
      )
    },
  }
}
