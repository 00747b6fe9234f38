// `pnpm bench [--only PART,PART] [--json] [--quick]`: figures with the machine they were measured on. Never part of the tests.
import { parseArgs } from 'node:util'
import { type Figure, machine } from './measure.ts'
import { stealing } from './steal.ts'

/**
 * Each is loaded when it is its turn: a process with every framework and client in it is slower than any that users run. One
 * client of Redis alone costs all that works with strings a third of its speed.
 */
const parts: Record<string, (quick: boolean) => Promise<Figure[]>> = {
  policy: async (quick) => (await import('./policy.ts')).policyFigures(quick),
  decide: async (quick) => (await import('./decide.ts')).decideFigures(quick),
  audit: async (quick) => (await import('./audit.ts')).auditFigures(quick),
  verify: async (quick) => (await import('./verify.ts')).verifyFigures(quick),
  evidence: async (quick) => (await import('./evidence.ts')).evidenceFigures(quick),
  stores: async (quick) => (await import('./stores.ts')).storeFigures(quick),
  adapters: async (quick) => (await import('./adapters.ts')).adapterFigures(quick),
  mcp: async (quick) => (await import('./mcp.ts')).mcpFigures(quick),
  gateway: async (quick) => (await import('./gateway.ts')).gatewayFigures(quick),
  start: async (quick) => (await import('./start.ts')).startFigures(quick),
}

const { values } = parseArgs({
  options: { json: { type: 'boolean' }, quick: { type: 'boolean' }, only: { type: 'string' } },
})
const quick = values.quick === true
const wanted = values.only?.split(',') ?? Object.keys(parts)
const unknown = wanted.filter((name) => !Object.hasOwn(parts, name))
if (unknown.length > 0) {
  console.error(
    `No part is called ${unknown.join(', ')}. There are ${Object.keys(parts).join(', ')}.`,
  )
  process.exit(2)
}

function print(figure: Figure): void {
  if (values.json === true) {
    console.log(JSON.stringify({ ...figure, machine: machine() }))
    return
  }
  const { name, value, unit, p50, p99, bar, peers } = figure
  const spread = p50 === null ? '' : `  (p50 ${p50}, p99 ${p99}${unit === '1/s' ? ' ms' : ''})`
  console.log(
    `${name.padEnd(52)} ${String(value).padStart(9)} ${unit.padEnd(5)} bar ${bar}${spread}`,
  )
  for (const [peer, figure] of Object.entries(peers))
    console.log(`  ${peer.padEnd(50)} ${String(figure).padStart(9)}`)
}

if (values.json !== true)
  console.log(
    `${machine()}${quick ? '\nQuick: shows that the benches run; the figures mean nothing.' : ''}\n`,
  )
for (const name of wanted) {
  const stolenSince = stealing()
  for (const figure of (await parts[name]?.(quick)) ?? []) print(figure)
  const stolen = `${(stolenSince() * 100).toFixed(1)} %`
  if (values.json !== true)
    console.log(`(other machines took ${stolen} of the processors: ${name})\n`)
}
process.exit(0)
