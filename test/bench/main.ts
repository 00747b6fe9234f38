// `pnpm bench [--only PART,PART] [--json] [--quick]`: figures with the machine they were measured on. Never part of the tests.
import { parseArgs } from 'node:util'
import { adapterFigures } from './adapters.ts'
import { auditFigures } from './audit.ts'
import { decideFigures } from './decide.ts'
import { evidenceFigures } from './evidence.ts'
import { gatewayFigures } from './gateway.ts'
import { mcpFigures } from './mcp.ts'
import { type Figure, machine } from './measure.ts'
import { policyFigures } from './policy.ts'
import { startFigures } from './start.ts'
import { stealing } from './steal.ts'
import { storeFigures } from './stores.ts'
import { verifyFigures } from './verify.ts'

const parts: Record<string, (quick: boolean) => Figure[] | Promise<Figure[]>> = {
  policy: policyFigures,
  decide: decideFigures,
  audit: auditFigures,
  verify: verifyFigures,
  evidence: evidenceFigures,
  stores: storeFigures,
  adapters: adapterFigures,
  mcp: mcpFigures,
  gateway: gatewayFigures,
  start: startFigures,
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
