import type { PendingCall } from '@lelu/openai'
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions'
import { ownData, shown } from './layout.ts'
import type { Shop } from './shop.ts'

const inRoot = 'npx -y pnpm@12 --silent'

/** A path as a word of a command. */
const word = (path: string) => (/^[\w./:@=-]+$/.test(path) ? path : JSON.stringify(path))

/** What a model wrote reaches the terminal as text alone: no colours, no hidden lines. */
const safe = (text: unknown) => String(text).replace(/[\p{Cc}\p{Cf}]/gu, ' ')

/** A message of the conversation as it comes: calls with their arguments, and what they were answered. */
export function printMessage(message: ChatCompletionMessageParam): void {
  if (message.role === 'tool') {
    console.log(`  ${safe(message.content)}`)
    return
  }
  if (message.role !== 'assistant') return
  for (const call of message.tool_calls ?? []) {
    if (call.type === 'function') {
      console.log(safe(`call ${call.function.name} ${call.function.arguments}`))
    }
  }
  if (message.content) console.log(`model: ${safe(message.content)}`)
}

/** What waits, and what to type next. */
export function printPending(pending: readonly PendingCall[], data: string, lelu: string): void {
  for (const { tool, approvalId } of pending) {
    console.log(safe(`${tool} waits for a person: ${approvalId}`))
  }
  const words = data === ownData ? '' : ` --data ${word(data)}`
  console.log(
    '\nWhat waits has not run, and this process ends. Next, approve it (or deny it), then resume:',
  )
  for (const { approvalId } of pending) {
    console.log(`  ${inRoot} lelu approvals approve ${approvalId} --directory ${word(shown(lelu))}`)
  }
  console.log(`  ${inRoot} -C examples/operator start resume${words}`)
}

/** The database: the orders that are left, and every deletion there has been. */
export function printShop(shop: Shop): void {
  const row = (...cells: (string | number)[]) =>
    console.log(
      cells
        .map((cell, at) => (at === 0 ? String(cell).padEnd(10) : String(cell).padStart(6)))
        .join(''),
    )
  row('customer', 'closed', 'open')
  for (const { customer, closed, open } of shop.customers()) row(customer, closed, open)
  const deletions = shop.deletions()
  console.log(`\ndeletions: ${deletions.length === 0 ? 'none' : ''}`.trimEnd())
  for (const { rows, open, filter } of deletions) {
    console.log(`  ${rows} orders (${open} open) ${filter}`)
  }
}
