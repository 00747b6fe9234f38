import type { RegoInput } from '@lelu/engine'

/** Ten rules in three languages: three denies, four reasons to ask, three permits. */
export const rego = `package lelu.authz

deny contains {"id": "floor", "reason": "too uncertain"} if input.confidence < 0.2
deny contains {"id": "frozen", "reason": "account frozen"} if input.context.frozen == true
deny contains {"id": "symbol", "reason": "symbol is blocked"} if input.args.symbol == "EVIL"

require_approval contains {"id": "confidence", "reason": "below 0.90"} if input.confidence < 0.9
require_approval contains {"id": "amount", "reason": "over 1000"} if input.args.amount > 1000
require_approval contains {"id": "production", "reason": "production"} if input.context.environment == "production"
require_approval contains {"id": "external", "reason": "external agent"} if input.agent.type != "agent"

allow if input.action == "trade"
allow if input.action == "quote"
allow if startswith(input.action, "read_")
`

export type Rule = 'allow' | 'require_approval' | 'deny'

/** The same ten rules as a function: the floor that no policy engine can go below. */
export function plain(input: RegoInput): {
  effect: Rule
  reasons: { id: string; message: string }[]
} {
  const args = input.args as { symbol?: string; amount?: number }
  const deny: { id: string; message: string }[] = []
  if (input.confidence < 0.2) deny.push({ id: 'floor', message: 'too uncertain' })
  if (input.context.frozen === true) deny.push({ id: 'frozen', message: 'account frozen' })
  if (args.symbol === 'EVIL') deny.push({ id: 'symbol', message: 'symbol is blocked' })
  if (deny.length > 0) return { effect: 'deny', reasons: deny }
  const ask: { id: string; message: string }[] = []
  if (input.confidence < 0.9) ask.push({ id: 'confidence', message: 'below 0.90' })
  if ((args.amount ?? 0) > 1000) ask.push({ id: 'amount', message: 'over 1000' })
  if (input.context.environment === 'production')
    ask.push({ id: 'production', message: 'production' })
  if (input.agent.type !== 'agent') ask.push({ id: 'external', message: 'external agent' })
  if (ask.length > 0) return { effect: 'require_approval', reasons: ask }
  const permit =
    input.action === 'trade' || input.action === 'quote' || input.action.startsWith('read_')
  return { effect: permit ? 'allow' : 'deny', reasons: [] }
}

/** The same rules for Cedar; it knows no third effect and no floats, so asking is a forbid and confidence is in thousandths. */
export const cedar = `
@id("floor") forbid (principal, action, resource) when { context.confidence < 200 };
@id("frozen") forbid (principal, action, resource) when { context.frozen };
@id("symbol") forbid (principal, action, resource) when { context.symbol == "EVIL" };
@id("ask_confidence") forbid (principal, action, resource) when { context.confidence < 900 };
@id("ask_amount") forbid (principal, action, resource) when { context.amount > 1000 };
@id("ask_production") forbid (principal, action, resource) when { context.environment == "production" };
@id("ask_external") forbid (principal, action, resource) when { context.agent != "agent" };
@id("trade") permit (principal, action == Action::"trade", resource);
@id("quote") permit (principal, action == Action::"quote", resource);
@id("read") permit (principal, action, resource) when { context.action like "read_*" };
`

/** The same rules for casbin: the first match in order of priority. */
export const casbinModel = `
[request_definition]
r = action, confidence, frozen, symbol, amount, environment, agent
[policy_definition]
p = rule, eft
[policy_effect]
e = priority(p.eft) || deny
[matchers]
m = eval(p.rule)
`
export const casbinPolicy = [
  ['r.confidence < 0.2', 'deny'],
  ['r.frozen == true', 'deny'],
  ['r.symbol == "EVIL"', 'deny'],
  ['r.confidence < 0.9', 'deny'],
  ['r.amount > 1000', 'deny'],
  ['r.environment == "production"', 'deny'],
  ['r.agent != "agent"', 'deny'],
  ['r.action == "trade"', 'allow'],
  ['r.action == "quote"', 'allow'],
  ['r.action == "read_file"', 'allow'],
]

/** A Rego input of about 200 bytes of what the rules read; `n` varies it. */
export function inputOf(n: number, extra: Record<string, string> = {}): RegoInput {
  const confidence = 0.1 + ((n * 37) % 90) / 100
  return {
    action: ['trade', 'quote', 'read_file', 'delete'][n % 4] as string,
    confidence,
    args: { symbol: n % 17 === 0 ? 'EVIL' : 'ACME', amount: (n * 131) % 2000, ...extra },
    tool: { name: 'trade', server: null, effect: 'non_idempotent' },
    agent: { id: 'trader-1', type: n % 23 === 0 ? 'service' : 'agent', properties: {} },
    acting_for: { id: 'user-7', type: 'user' },
    resource: null,
    tenant: 'default',
    run: 'run-1',
    context: { frozen: n % 29 === 0, environment: n % 5 === 0 ? 'production' : 'staging' },
    time: '2026-11-22T10:00:00.000Z',
    signal: {
      method: 'external',
      trust: 'adapter',
      status: 'ok',
      score: null,
      model: null,
      samples: null,
    },
  }
}
