import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { connect } from './connect.ts'
import { openLayout } from './layout.ts'
import { printAnswer, printFiles, printTools } from './print.ts'

const usage = `Usage: main.ts tools | read NAME | write NAME TEXT | move NAME NAME | echo TEXT | show   [--url URL] [--config FILE]

  tools                what the agent sees: the tools of both servers, and Lelu's own
  read NAME            reads a file; runs at once
  write NAME TEXT      writes a file; a person decides first, and the same command goes on afterwards
  move NAME NAME       moves a file; to another folder, refused
  echo TEXT            calls the other server
  show                 the files there are
  --url URL            a gateway that runs already; without it the agent starts one of its own
  --config FILE        of that one (default examples/gateway/lelu-mcp.json)`

function misuse(): never {
  console.error(usage)
  return process.exit(2)
}

function readWords() {
  try {
    const options = { url: { type: 'string' }, config: { type: 'string' } } as const
    const { values, positionals } = parseArgs({ options, allowPositionals: true })
    const [verb = '', ...words] = positionals
    return { ...values, verb, words }
  } catch {
    return misuse()
  }
}

const { verb, words, url, config } = readWords()
const layout = openLayout(config)
const file = (name: string | undefined) =>
  name === undefined ? misuse() : join(layout.files, name)
const [first, second] = words

/** What the model would have asked for. */
function toCall(): { name: string; arguments: Record<string, string> } {
  switch (verb) {
    case 'read':
      return { name: 'files__read_text_file', arguments: { path: file(first) } }
    case 'write':
      return {
        name: 'files__write_file',
        arguments: { path: file(first), content: second ?? misuse() },
      }
    case 'move':
      return {
        name: 'files__move_file',
        arguments: { source: file(first), destination: file(second) },
      }
    case 'echo':
      return { name: 'everything__echo', arguments: { message: first ?? misuse() } }
    default:
      return misuse()
  }
}

if (verb === 'show') {
  const names = readdirSync(layout.files).sort()
  printFiles(names.map((name) => [name, readFileSync(join(layout.files, name), 'utf8')]))
} else {
  const call = verb === 'tools' ? undefined : toCall()
  const client = await connect(layout, url)
  try {
    if (call === undefined) printTools((await client.listTools()).tools)
    else printAnswer(call, await client.callTool(call), layout)
  } finally {
    await client.close()
  }
}
