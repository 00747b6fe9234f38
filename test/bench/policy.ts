import { createRequire } from 'node:module'
import { loadPolicy } from '@lelu/engine'
import { compile } from '@lelu/rego'
import { newEnforcer, newModelFromString, StringAdapter } from 'casbin'
import { createRuntime } from '../../packages/engine/src/policy/runtime.ts'
import { type Figure, round, timeSync } from './measure.ts'
import { casbinModel, casbinPolicy, cedar, inputOf, plain, rego } from './rules.ts'

type Cedar = typeof import('@cedar-policy/cedar-wasm/nodejs')

const asText = (policy: string[][]) =>
  policy
    .map((line) => `p, ${line.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(', ')}`)
    .join('\n')

function cedarPeer(): (n: number) => unknown {
  const wasm = createRequire(import.meta.url)('@cedar-policy/cedar-wasm/nodejs') as Cedar
  wasm.preparsePolicySet('bench', { staticPolicies: cedar })
  return (n) => {
    const input = inputOf(n)
    const { symbol, amount } = input.args as { symbol: string; amount: number }
    return wasm.statefulIsAuthorized({
      principal: { type: 'Agent', id: input.agent.id },
      action: { type: 'Action', id: input.action },
      resource: { type: 'Tool', id: input.tool.name },
      context: {
        action: input.action,
        confidence: Math.round(input.confidence * 1000),
        frozen: input.context.frozen === true,
        symbol,
        amount,
        environment: String(input.context.environment),
        agent: input.agent.type,
      },
      preparsedPolicySetId: 'bench',
      validateRequest: false,
      entities: [],
    } as never)
  }
}

async function casbinPeer(): Promise<(n: number) => unknown> {
  const enforcer = await newEnforcer(
    newModelFromString(casbinModel),
    new StringAdapter(asText(casbinPolicy)),
  )
  return (n) => {
    const { action, confidence, context, args, agent } = inputOf(n)
    const { symbol, amount } = args as { symbol: string; amount: number }
    return enforcer.enforceSync(
      action,
      confidence,
      context.frozen,
      symbol,
      amount,
      context.environment,
      agent.type,
    )
  }
}

/** Policy evaluation through our loader, beside a plain function, casbin and Cedar, in the same run. */
export async function policyFigures(quick: boolean): Promise<Figure[]> {
  const options = { rounds: quick ? 20 : 400 }
  const slow = { rounds: quick ? 5 : 100 }
  const policy = await loadPolicy({
    policies: { modules: [{ path: 'bench.rego', source: rego }] },
    cache: false,
  })
  for (let n = 0; n < 500; n += 1) {
    const ours = policy.evaluate(inputOf(n)).effect
    if (ours !== plain(inputOf(n)).effect)
      throw new Error(`the policies disagree on input ${n}: ${ours}`)
  }
  const inputs = Array.from({ length: 256 }, (_, n) => inputOf(n))
  const body = 'x'.repeat(1000)
  const large = inputs.slice(0, 8).map((input, n) => {
    const extra = Object.fromEntries(Array.from({ length: 100 }, (_, k) => [`field_${k}`, body]))
    return { ...input, args: inputOf(n, extra).args }
  })
  const small = timeSync((n) => policy.evaluate(inputs[n % 256] as never), options)
  const big = timeSync((n) => policy.evaluate(large[n % 8] as never), options)
  const peers = {
    'plain TypeScript function': round(
      timeSync((n) => plain(inputs[n % 256] as never), options).p50,
    ),
    casbin: round(timeSync(await casbinPeer(), slow).p50),
    'Cedar (wasm, stateful)': round(timeSync(cedarPeer(), slow).p50),
  }
  return [
    {
      name: 'policy evaluation, 10 rules, 200 B input',
      unit: 'us',
      value: round(small.p50),
      p50: round(small.p50),
      p99: round(small.p99),
      bar: '<= 6',
      peers,
    },
    {
      name: 'policy evaluation, 10 rules, 100 KB input',
      unit: 'us',
      value: round(big.p50),
      p50: round(big.p50),
      p99: round(big.p99),
      bar: '<= 2x of 200 B',
      peers: { 'ratio to 200 B': round(big.p50 / small.p50) },
    },
    await memoryFigure(quick),
  ]
}

/** The Wasm memory of one instance, before and after; the runtime is asked below the public loader, which hides it. */
async function memoryFigure(quick: boolean): Promise<Figure> {
  const total = quick ? 20_000 : 1_000_000
  const entrypoint = 'lelu/authz/require_approval'
  const modules = [{ path: 'bench.rego', source: rego }]
  const compiled = await compile({ modules, entrypoints: [entrypoint], cache: false })
  const runtime = createRuntime({ ...compiled, entrypoint })
  const texts = Array.from({ length: 256 }, (_, n) => JSON.stringify(inputOf(n)))
  for (let n = 0; n < 1000; n += 1) runtime.evaluate(texts[n % 256] as string)
  const before = runtime.memoryBytes()
  for (let n = 0; n < total; n += 1) runtime.evaluate(texts[n % 256] as string)
  return {
    name: `Wasm memory grown over ${total} evaluations`,
    unit: 'bytes',
    value: runtime.memoryBytes() - before,
    p50: null,
    p99: null,
    bar: '0',
    peers: { 'memory in all': before },
  }
}
