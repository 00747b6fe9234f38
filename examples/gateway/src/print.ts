import type { CallToolResult, Tool } from '@modelcontextprotocol/client'
import { type Layout, shown } from './layout.ts'

/** What a server wrote reaches the terminal as text alone: no colours, no hidden lines. */
const safe = (text: string) => text.replace(/[\p{Cc}\p{Cf}]/gu, ' ')

export function printTools(tools: readonly Tool[]): void {
  for (const { name, title = '' } of tools) console.log(safe(`${name.padEnd(40)} ${title}`.trim()))
}

export function printFiles(files: readonly (readonly [string, string])[]): void {
  if (files.length === 0) console.log('No files.')
  for (const [name, text] of files) console.log(safe(`${name}: ${text}`))
}

/** The call as the model made it, the answer it reads, and what a person types where it waits. */
export function printAnswer(
  { name, arguments: input }: { name: string; arguments: Record<string, string> },
  { content, structuredContent, isError }: CallToolResult,
  { files, lelu }: Layout,
): void {
  const line = (text: string) => console.log(safe(text.replaceAll(files, shown(files))))
  line(`call ${name} ${JSON.stringify(input)}`)
  for (const block of content) {
    if (block.type === 'text') line(`  ${isError === true ? 'error: ' : ''}${block.text}`)
  }
  const { approval_id: id } = (structuredContent ?? {}) as { approval_id?: unknown }
  if (typeof id !== 'string') return
  console.log('\nIt has not run. A person decides, and then the same command goes on:')
  console.log(
    safe(`  npx -y pnpm@12 --silent lelu approvals approve ${id} --directory ${shown(lelu)}`),
  )
}
