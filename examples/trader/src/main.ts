import { parseArgs } from 'node:util'
import { type Broker, openBroker } from './broker.ts'
import { dataFolder, makeLayout, shown } from './layout.ts'
import { scripts } from './script.ts'
import { type Answer, withSession } from './session.ts'

const usage = `Usage: trader [--data DIR] COMMAND

  ask [TEXT]  the customer says something
  resume      goes on with the order that a reviewer has decided
  show        the cash, the positions and the orders

--data DIR: where the files go (default examples/trader/data)`

function misused(problem: string): never {
  console.error(`${problem}\n\n${usage}`)
  return process.exit(2)
}

function readWords() {
  try {
    const options = { data: { type: 'string' } } as const
    return parseArgs({ options, allowPositionals: true })
  } catch (error) {
    return misused((error as Error).message)
  }
}

const { values, positionals } = readWords()
const [command, text, ...rest] = positionals
const known = command === 'ask' || command === 'resume' || command === 'show'
if (!known) misused('Type a command.')
if (rest.length > 0 || (text !== undefined && command !== 'ask')) {
  misused('Put what the customer says in quotes, after ask.')
}
const layout = makeLayout(dataFolder(values.data))

/** What came of it, and what to type next. */
function say({ lines, waiting }: Answer): void {
  console.log(lines.join('\n'))
  if (waiting.length === 0) return
  console.log('\nThis process ends here. A person decides, with one of')
  for (const id of waiting) {
    console.log(`  lelu approvals approve ${id} --directory ${shown(layout.lelu)}`)
    console.log(`  lelu approvals deny ${id} --reason "..." --directory ${shown(layout.lelu)}`)
  }
  const data = values.data === undefined ? '' : ` --data ${values.data}`
  console.log(`and the agent goes on with\n  trader resume${data}`)
}

function show(broker: Broker): void {
  console.log(`cash      ${broker.cash()}`)
  for (const [symbol, quantity] of Object.entries(broker.positions())) {
    console.log(`position  ${quantity} ${symbol}`)
  }
  for (const { id, side, quantity, symbol, price } of broker.orders()) {
    console.log(`order ${id}   ${side} ${quantity} ${symbol} at ${price}`)
  }
}

const broker = openBroker(layout.broker)
try {
  if (command === 'show') show(broker)
  else {
    const work = withSession(layout, broker, (session) =>
      command === 'ask' ? session.ask(text ?? scripts[0].says) : session.resume(),
    )
    say(await work)
  }
} finally {
  broker.close()
}
