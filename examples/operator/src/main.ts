import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { createLelu, isLeluError } from '@lelu/engine'
import { APIError } from 'openai'
import { createAgent, systemPrompt } from './agent.ts'
import { openConversation } from './conversation.ts'
import { type Layout, openLayout, ownData, policies } from './layout.ts'
import { openModel } from './model.ts'
import { printMessage, printPending, printShop } from './print.ts'
import { openShop, type Shop } from './shop.ts'

const usage = `Usage: main.ts ask TEXT | resume | show   [--data DIR]

  ask TEXT     the user says something; a call that needs a person ends the process
  resume       goes on with the calls that a reviewer has decided
  show         the orders in the database, and what was deleted
  --data DIR   a folder for the files (default examples/operator/.run)`

function readWords() {
  try {
    const options = { data: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const
    const { values, positionals } = parseArgs({ options, allowPositionals: true })
    const [verb = '', text, ...rest] = positionals
    const fits =
      rest.length === 0 &&
      (verb === 'ask' ? Boolean(text) : ['resume', 'show'].includes(verb) && text === undefined)
    if (values.help) console.log(usage)
    else if (!fits) console.error(usage)
    if (values.help || !fits) process.exit(values.help ? 0 : 2)
    return { text, verb, data: resolve(values.data ?? ownData) }
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`)
    return process.exit(2)
  }
}

async function run(shop: Shop, layout: Layout): Promise<void> {
  const conversation = openConversation(layout.conversation, systemPrompt)
  const lelu = await createLelu({ directory: layout.lelu, policies })
  const model = await openModel()
  try {
    const agent = createAgent({ lelu, model, shop, conversation })
    if (text !== undefined) await agent.hear(text)
    const ended = await agent.goOn(printMessage)
    if (ended.status === 'waits') printPending(ended.pending, data, layout.lelu)
    if (ended.status === 'nothing to do') {
      console.log('Nothing to do: every call has its answer.')
    }
  } finally {
    await model.close()
    await lelu.close()
  }
}

const { verb, text, data } = readWords()
const layout = openLayout(data)
if (verb === 'resume' && !existsSync(layout.conversation)) {
  console.error('There is no conversation to resume. Begin with: ask "Delete all orders."')
  process.exit(1)
}
const shop = openShop(layout.shop)
try {
  if (verb === 'show') printShop(shop)
  else await run(shop, layout)
} catch (error) {
  if (isLeluError(error)) console.error(`${error.code}: ${error.message}\n${error.help}`)
  else if (error instanceof APIError) console.error(`OpenAI: ${error.message}`)
  else throw error
  process.exitCode = 1
} finally {
  shop.close()
}
