// `pnpm bench [--json] [--quick]`: figures with the machine they were measured on. Never part of the tests.
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
import { storeFigures } from './stores.ts'
import { verifyFigures } from './verify.ts'

const { values } = parseArgs({ options: { json: { type: 'boolean' }, quick: { type: 'boolean' } } })
const quick = values.quick === true

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
for (const part of [
  policyFigures,
  decideFigures,
  auditFigures,
  verifyFigures,
  evidenceFigures,
  storeFigures,
  adapterFigures,
  mcpFigures,
  gatewayFigures,
  startFigures,
]) {
  for (const figure of await part(quick)) print(figure)
}
process.exit(0)
