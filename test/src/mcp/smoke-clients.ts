// `pnpm mcp:smoke`: starts `lelu-mcp serve`, writes our entry with `lelu-mcp add`, and asks the real clients whether they
// see it. Off by default: it installs them from npm (about 2.6 GB), each in a throw-away HOME. `--bin <folder>` takes
// installed ones instead, `--client <id>` only some.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { clients } from '../../../packages/mcp/src/clients/table.ts'
import { type Case, cases, notAsked } from './smoke/clients.ts'
import { install, path } from './smoke/install.ts'
import { type Listener, startListener } from './smoke/listener.ts'
import type { Note } from './smoke/note-requests.ts'
import { type Answer, run } from './smoke/run.ts'

const ours = fileURLToPath(new URL('../../../packages/mcp/src/bin.ts', import.meta.url))
const overview = new URL('../../../docs/mcp.md', import.meta.url)
const token = 'a-token'
const { values } = parseArgs({
  options: { bin: { type: 'string' }, client: { type: 'string', multiple: true } },
})
const root = mkdtempSync(join(tmpdir(), 'lelu-smoke-'))
let failed = 0

function tell(good: boolean, what: string, output: string): void {
  if (!good) failed += 1
  console.log(`${good ? 'ok  ' : 'FAIL'} ${what}${good ? '' : `\n${output.trim()}`}`)
}

/** How the entry comes and goes: by our commands, or as somebody types it who read the documentation. */
function steps({ client, scope, byHand, token: wants }: Case, program: string, url: string) {
  if (byHand !== undefined) {
    const [, ...add] = documented(byHand.begins).split(' ')
    const here = add.map((word) => (word.startsWith('http://') ? url : word))
    return { add: [program, ...here], remove: [program, ...byHand.remove] }
  }
  const lelu = [process.execPath, '--conditions=lelu:source', ours]
  const named = wants === false ? [] : ['--token-env', 'LELU_TOKEN']
  return {
    add: [...lelu, 'add', `--${client}`, scope, '--url', url, ...named],
    remove: [...lelu, 'remove', `--${client}`, scope],
  }
}

function documented(begins: string): string {
  const line = readFileSync(overview, 'utf8')
    .split('`')
    .find((code) => code.startsWith(begins))
  if (line === undefined) throw new Error(`docs/mcp.md has no line that begins with: ${begins}`)
  return line
}

async function smoke(one: Case, listener: Listener): Promise<void> {
  const { client, scope, path: end = '/mcp', list = ['mcp', 'list'], trusts } = one
  const bin = values.bin ?? (await install(one.package, join(root, 'installed')))
  const program = join(bin, one.bin)
  const how = one.byHand === undefined ? `add ${scope}` : 'by hand'
  const asked = `${client}: ${how}, ${end}, ${[one.bin, ...list].join(' ')}`
  if (!existsSync(program)) return tell(false, asked, `${one.package} could not be installed`)

  const home = mkdtempSync(join(root, 'home-'))
  const project = join(home, 'project')
  mkdirSync(join(project, '.git'), { recursive: true })
  if (trusts !== undefined) {
    mkdirSync(join(home, dirname(trusts.file)), { recursive: true })
    writeFileSync(join(home, trusts.file), trusts.text(project))
  }
  const env = {
    HOME: home,
    PATH: [bin, path].join(delimiter),
    LELU_TOKEN: token,
    GEMINI_CLI_TRUST_WORKSPACE: 'true',
    DISABLE_AUTOUPDATER: '1',
    OPENCODE_DISABLE_AUTOUPDATE: '1',
  }
  const go = ([command = '', ...words]: string[]): Promise<Answer> =>
    run(command, words, project, env)
  const { add, remove } = steps(one, program, listener.url(end))

  const version = /\d+\.\d+\.\d+/.exec((await go([program, '--version'])).output)?.[0] ?? '?'
  const title = `${asked} (${version})`
  const added = await go(add)
  await listener.taken()
  const listed = await go([program, ...list])
  const notes = await listener.taken()
  const holds = added.code === 0 && one.shows.test(listed.output)
  tell(holds, `${title}: is listed`, added.output + listed.output)
  if (one.connects) {
    tell(reached(notes, end), `${title}: connects, and is let in`, JSON.stringify(notes))
  }
  const removed = await go(remove)
  const after = await go([program, ...list])
  const gone = removed.code === 0 && !one.shows.test(after.output)
  tell(gone, `${title}: is gone after remove`, removed.output + after.output)
  const said = notes.map((note) => (note === 'refused' ? note : `${note.agent}: ${note.revision}`))
  if (said.length > 0) console.log(`     it said: ${[...new Set(said)].join(', ')}`)
}

/** At the address it was given, and never without the token that the entry only names. */
function reached(notes: Note[], end: string): boolean {
  if (notes.includes('refused')) return false
  return notes.some((note) => note !== 'refused' && note.path === end)
}

const servers: Listener[] = []
try {
  const guarded = await startListener(join(root, 'guarded'), token)
  servers.push(guarded)
  const open = await startListener(join(root, 'open'))
  servers.push(open)
  for (const one of cases) {
    if (values.client === undefined || values.client.includes(one.client)) {
      await smoke(one, one.token === false ? open : guarded)
    }
  }
  for (const { id } of clients) {
    const known = cases.some(({ client }) => client === id) || id in notAsked
    if (!known) tell(false, `${id}: is asked`, 'smoke/clients.ts has no case for it and no reason.')
  }
} finally {
  for (const server of servers) await server.stop()
  rmSync(root, { recursive: true, force: true })
}
process.exit(failed === 0 ? 0 : 1)
