import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readlinkSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { refusalOf } from '../src/servers/namespace.ts'
import { type Host, noHosts, startHosts, type TwoHosts } from '../src/servers/two-hosts.ts'
import { openHosts } from '../src/stores/hosts.ts'
import { missingOf } from '../src/stores/needs.ts'
import { sqliteHarness } from '../src/stores/sqlite.ts'

const port = 4321

type Running = { says(what: string): Promise<void>; said: string[]; tell(word: string): void }

/** A script on a host, until the test ends. */
async function run(host: Host, script: string): Promise<Running> {
  const [program, ...words] = host.inside([process.execPath, '-e', script])
  const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(child, 'close')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const said: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => said.push(line))
  return {
    said,
    says: (what) => vi.waitFor(() => expect(said).toContain(what), { timeout: 30_000 }),
    tell: (word) => void child.stdin.write(`${word}\n`),
  }
}

/** What was sent twice may arrive at once: words end with their lines. */
const listener = (address: string) => `
require('node:net').createServer((socket) => {
  socket.on('error', () => {})
  require('node:readline').createInterface({ input: socket }).on('line', (word) => {
    console.log('heard ' + word)
    socket.write('echo of ' + word + '\\n')
  })
}).listen(${port}, '${address}', () => console.log('listens'))`

/** Passes on what it is told, and tells what comes back and how the connection ends. */
const talker = (address: string) => `
const socket = require('node:net').connect(${port}, '${address}', () => console.log('connected'))
process.stdin.on('data', (data) => socket.write(data))
socket.pipe(process.stdout)
socket.on('error', ({ code }) => console.log('error ' + code)).on('close', () => console.log('closed'))`

async function start(): Promise<TwoHosts> {
  const hosts = await startHosts()
  onTestFinished(() => hosts.close())
  return hosts
}

/** Whether a new connection is made at once: `yes`, or how it fails. */
async function connects(from: Host, to: Host): Promise<string> {
  const script = `
const end = (word) => { console.log(word); process.exit() }
require('node:net').connect({ port: ${port}, host: '${to.address}', timeout: 500 }, () => end('yes'))
  .on('timeout', () => end('silence')).on('error', ({ code }) => end(code))`
  const [program, ...words] = from.inside([process.execPath, '-e', script])
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.on('data', (data) => {
    said += data
  })
  await once(child, 'close')
  return said.trim()
}

const why = noHosts()

describe.skipIf(why !== undefined)(
  `two hosts${why === undefined ? '' : ` (skipped: ${why})`}`,
  () => {
    it('reach each other, are cut off in three ways, and reach each other again', async () => {
      const { database, away, cut, heal } = await start()
      const server = await run(database, listener(database.address))
      await server.says('listens')
      expect(await connects(away, database)).toBe('yes')
      for (const [how, seen] of [
        ['cable', 'ENETUNREACH'],
        ['silence', 'silence'],
        ['replies', 'silence'],
      ] as const) {
        cut(how)
        expect([how, await connects(away, database)]).toEqual([how, seen])
        // Whoever looks from the database's own host is not cut off.
        expect(await connects(database, database)).toBe('yes')
        heal()
        expect(await connects(away, database)).toBe('yes')
      }
    })

    it('share a network with nobody', async () => {
      const { database, away } = await start()
      const networks = [database, away].map(({ inside }) => {
        const [program, ...words] = inside(['readlink', '/proc/self/ns/net'])
        return execFileSync(program, words, { encoding: 'utf8' }).trim()
      })
      expect(new Set([...networks, readlinkSync('/proc/self/ns/net')]).size).toBe(3)
    })

    it('lose what is said without a word to anybody, and the connection lives on', async () => {
      const { database, away, cut, heal } = await start()
      const server = await run(database, listener(database.address))
      await server.says('listens')
      const client = await run(away, talker(database.address))
      await client.says('connected')
      client.tell('one')
      await client.says('echo of one')
      cut('replies')
      client.tell('two')
      await server.says('heard two')
      cut('silence')
      client.tell('three')
      heal()
      await client.says('echo of two')
      await server.says('heard three')
      await client.says('echo of three')
      expect(client.said.slice(0, 2)).toEqual(['connected', 'echo of one'])
      expect(client.said).not.toContain('closed')
    })

    it('are gone when they are closed, and when whoever made them is killed', async () => {
      const module = new URL('../src/servers/two-hosts.ts', import.meta.url).href
      const script = `
const { startHosts } = await import('${module}')
await startHosts().then((hosts) => hosts.close())
await startHosts()
const { readFileSync } = await import('node:fs')
console.log(readFileSync('/proc/self/task/' + process.pid + '/children', 'utf8').trim())
setInterval(() => {}, 1000)`
      const words = ['--conditions=lelu:source', '--input-type=module', '-e', script]
      const maker = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
      onTestFinished(() => void maker.kill('SIGKILL'))
      const [line] = await once(createInterface({ input: maker.stdout }), 'line')
      const holders = String(line).split(' ')
      expect(holders).toHaveLength(2)
      const isThere = (pid: string) => existsSync(`/proc/${pid}/ns/net`)
      expect(holders.filter(isThere)).toEqual(holders)
      maker.kill('SIGKILL')
      await vi.waitFor(() => expect(holders.filter(isThere)).toEqual([]), { timeout: 30_000 })
    })

    it('are closed when the store does not start on them', async () => {
      let host: Host | undefined
      const startOn = async (given: Host) => {
        host = given
        throw new Error('it does not start')
      }
      await expect(openHosts({ ...sqliteHarness, startOn })).rejects.toThrow('it does not start')
      const [program, ...words] = (host as unknown as Host).inside(['true'])
      const child = spawn(program, words, { stdio: 'ignore' })
      expect(await once(child, 'close')).not.toEqual([0, null])
    })
  },
)

describe('where there can be no two hosts', () => {
  it('says what was refused', () => {
    expect(refusalOf('no-such-program here')).toContain('no-such-program')
    expect(refusalOf('true')).toBe(why === undefined ? undefined : expect.any(String))
  })

  it('names in the title of a case why it is skipped', () => {
    const one = { fault: '', title: '', needs: ['hosts'], play: async () => ({}) } as const
    expect(missingOf(sqliteHarness, one)).toBe('not hosts')
    const capabilities = { ...sqliteHarness.capabilities, hosts: true }
    const refuse = () => 'unshare: refused\nTry it as root.'
    expect(missingOf({ ...sqliteHarness, capabilities }, one, refuse)).toBe(
      'no network namespaces here: unshare: refused',
    )
    expect(missingOf({ ...sqliteHarness, capabilities }, one, () => undefined)).toBe(undefined)
  })
})
