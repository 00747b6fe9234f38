import { existsSync, mkdirSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createLelu } from '@lelu/engine'
import { createAgent } from './agent.ts'
import { Chats } from './chats.ts'
import { createModel, modelKind } from './model.ts'
import { createPages } from './pages.ts'
import { reviewerToken } from './review-routes.ts'
import { createApp } from './server.ts'
import { Shop } from './shop.ts'

const usage = `Usage: main.ts [serve | orders] [--port PORT] [--data DIR]

  serve        the shop's chat and the reviewer's page, on this machine only (default)
  orders       what the database says
  --port PORT  default: one that is free
  --data DIR   where everything is kept (default: .data in the example)
  --pages DIR  the built pages (default: dist in the example)`

const here = fileURLToPath(new URL('..', import.meta.url))

function readWords() {
  try {
    const text = { type: 'string' } as const
    const options = { port: text, data: text, pages: text }
    const { values, positionals } = parseArgs({ options, allowPositionals: true })
    const [command = 'serve', ...more] = positionals
    if (more.length > 0 || (command !== 'serve' && command !== 'orders')) throw new Error(usage)
    const port = Number(values.port ?? 0)
    if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(usage)
    const data = resolve(values.data ?? join(here, '.data'))
    return { command, port, data, pages: resolve(values.pages ?? join(here, 'dist')) }
  } catch {
    return fail(usage)
  }
}

function fail(message: string): never {
  console.error(message)
  return process.exit(2)
}

/** A path as it is typed at the root of the repository, where the README's commands run. */
function shown(path: string): string {
  const short = relative(join(here, '../..'), path)
  return short.startsWith('..') ? path : short
}

function showOrders(shop: Shop): void {
  for (const id of ['1001', '1002', '1003']) {
    const order = shop.order(id)
    if (order === undefined) continue
    const { customer, item, price, refundable } = order
    console.log(`order ${id}  ${customer}  ${item}: ${price} EUR, ${refundable} can be refunded`)
  }
  for (const { order, amount } of shop.refunds())
    console.log(`refund of ${amount} EUR, order ${order}`)
}

async function serve(shop: Shop): Promise<void> {
  if (!existsSync(join(pages, 'index.html')))
    fail('Build the pages first: npx -y pnpm@12 -C examples/refunds build')
  const directory = join(data, 'lelu')
  const lelu = await createLelu({ directory, policies: join(here, 'policies') })
  const token = reviewerToken(join(data, 'reviewer-token'))
  const agent = createAgent(lelu, shop, await createModel())
  const chats = new Chats(join(data, 'chats'))
  const server = createApp({ lelu, agent, chats, pages: createPages(pages), token })
  server.on('error', (error) => fail(error.message))
  server.listen(port, '127.0.0.1', () => {
    const address = server.address()
    const own = `http://127.0.0.1:${typeof address === 'object' ? address?.port : port}`
    console.log(`model     ${modelKind()}`)
    console.log(`lelu      ${shown(directory)}`)
    console.log(`chat      ${own}/`)
    console.log(`review    ${own}/review`)
    console.log(`token     ${token}`)
  })
  process.once('SIGINT', () => {
    server.close()
    server.closeAllConnections()
    void lelu.close()
  })
}

const { command, port, data, pages } = readWords()
mkdirSync(data, { recursive: true })
const shop = new Shop(join(data, 'shop.db'))
if (command === 'orders') showOrders(shop)
else await serve(shop)
