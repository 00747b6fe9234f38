import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync, gzipSync } from 'node:zlib'
import { openSource, verifyLog } from '@lelu/audit/reading'
import { describe, expect, it, onTestFinished } from 'vitest'
import { foreignVerifier } from '../../../packages/audit/test/tlog/foreign.ts'
import { makeSamplePack } from './make-sample-pack.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const sample = join(root, 'docs/audit/sample-pack')
const page = readFileSync(join(root, 'docs/audit-evidence.md'), 'utf8')
const cli = `"${process.execPath}" --conditions=lelu:source "${join(root, 'packages/cli/src/bin.ts')}"`

const found = foreignVerifier()
const binary = 'binary' in found ? found.binary : ''
const why = 'missing' in found ? ` (skipped: ${found.missing})` : ''
if (why !== '') console.warn(`SKIPPED: the commands of docs/audit-evidence.md with Go${why}.`)

/** The commands of a page, as they are run from the root of the repository. */
const blocks = (text: string) =>
  [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, sh = '']) => sh)

/** With our own sources in place of what is installed, and the built program in place of `go run`. */
function shell(script: string, cwd: string) {
  const own = script.replaceAll('npx @lelu/cli', cli).replaceAll('go run .', `"${binary}"`)
  const { status, stdout, stderr } = spawnSync('sh', ['-ec', own], { cwd, encoding: 'utf8' })
  return { status, stdout, stderr }
}

function copyOfSample(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lelu-sample-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const pack = join(folder, 'pack')
  cpSync(sample, pack, { recursive: true })
  return pack
}

const filesOf = (folder: string, end: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(end))
    .map((name) => join(folder, name))

function edit(path: string, change: (text: string) => string): void {
  const packed = path.endsWith('.gz')
  const was = packed ? gunzipSync(readFileSync(path)).toString() : readFileSync(path, 'utf8')
  const is = change(was)
  if (is === was) throw new Error(`nothing was edited in ${path}`)
  rmSync(path) // it may be read-only
  writeFileSync(path, packed ? gzipSync(is) : is)
}

describe('the sample pack in the repository', () => {
  it('is checked by the commands of its README', () => {
    const readme = readFileSync(join(sample, 'README.md'), 'utf8')
    expect(blocks(readme)).toHaveLength(1)
    const { status, stdout, stderr } = shell(blocks(readme)[0] as string, sample)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(/audit verify: ok\n$/)
  })

  it('is checked by the commands of docs/audit-evidence.md', () => {
    const ours = blocks(page).filter((sh) => sh.includes('@lelu/cli'))
    expect(ours).toHaveLength(2)
    for (const sh of ours) expect(shell(sh, root)).toMatchObject({ status: 0, stderr: '' })
  })

  it('tells of an approval, an edit, two denials, an erasure and a rotation', async () => {
    const trust = readFileSync(join(sample, 'policy.txt'), 'utf8')
    const report = await verifyLog({ directory: sample, trust })
    expect(report).toMatchObject({ ok: true, warnings: [] })
    expect(report.kinds).toMatchObject({ 'approval.decided': 3, erasure: 1, 'token.redeemed': 2 })
    const lines = filesOf(join(sample, 'v1'), '.gz').flatMap((file) =>
      gunzipSync(readFileSync(file)).toString().trimEnd().split('\n'),
    )
    for (const text of ['"edited":true', '"vote":"deny"', '"decision":"deny"']) {
      expect(lines.join('\n')).toContain(text)
    }
    const keys = await (await openSource(sample)).keys()
    expect(keys.filter(({ text }) => text.includes('lelu-key-rotation/v1'))).toHaveLength(1)
    expect(keys).toHaveLength(2)
  })

  it('holds no private key, and nothing of the machine that made it', () => {
    const all = filesOf(sample, '').filter((file) => /\.[a-z-]+$|\/[0-9a-f]{8}$/.test(file))
    for (const file of all) {
      const text = file.endsWith('.gz') ? gunzipSync(readFileSync(file)) : readFileSync(file)
      expect(text.toString(), file).not.toMatch(/PRIVATE|"seed"|"d":|\/tmp\/|\/home\//)
    }
  })

  it('can be made again by its script', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lelu-sample-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const out = join(folder, 'pack')
    await makeSamplePack(out)
    const kinds = async (directory: string) => (await verifyLog({ directory })).kinds
    expect(await kinds(out)).toEqual(await kinds(sample))
  })
})

describe.skipIf(binary === '')(`Go's own code${why}`, () => {
  it('takes the sample by the commands of docs/audit-evidence.md, every record and every proof', () => {
    const theirs = blocks(page).filter((sh) => sh.includes('go run'))
    expect(theirs).toHaveLength(2)
    const [all, each] = theirs.map((sh) => shell(sh, root))
    expect(all).toMatchObject({ status: 0, stderr: '' })
    expect(all?.stdout.match(/^signed: /gm)).toHaveLength(3)
    expect(all?.stdout).toContain('proved: 5 records of the sample')
    expect(each).toMatchObject({ status: 0, stderr: '' })
    expect(each?.stdout.match(/^signed and proved: /gm)).toHaveLength(5)
  })

  it.each<[string, (pack: string) => void, RegExp]>([
    [
      'a record that was edited',
      (pack) =>
        edit(filesOf(pack, '.gz')[0] as string, (text) => text.replace('"allow"', '"deny"')),
      /not those that were signed/,
    ],
    [
      'a record fewer than was signed',
      (pack) => edit(filesOf(pack, '.gz')[0] as string, (text) => text.replace(/[^\n]+\n$/, '')),
      /were signed, and there are/,
    ],
    [
      'another root',
      (pack) =>
        edit(filesOf(pack, '21')[0] as string, (text) => text.replace(/\n.(.*)\n\n/, '\nA$1\n\n')),
      /malformed|invalid|verif|not those/,
    ],
    [
      'another record beside a proof',
      (pack) => {
        const file = filesOf(join(pack, 'proofs'), '.json')[0] as string
        edit(file, (text) => text.replace('refunds-1', 'refunds-2'))
      },
      /tlog-proof/,
    ],
    [
      'a key fewer',
      (pack) => edit(join(pack, 'vkeys.txt'), (text) => text.split('\n').slice(4).join('\n')),
      /no verifiable signatures/,
    ],
    [
      'bytes behind a segment',
      (pack) => {
        const file = filesOf(pack, '.gz')[0] as string
        const bytes = readFileSync(file)
        rmSync(file)
        writeFileSync(file, Buffer.concat([bytes, gzipSync('x')]))
      },
      /bytes stand behind/,
    ],
  ])('refuses a pack with %s', (_, alter, message) => {
    const pack = copyOfSample()
    alter(pack)
    const { status, stderr } = spawnSync(binary, [pack], { encoding: 'utf8' })
    expect(stderr).toMatch(message)
    expect(status).toBe(1)
  })

  it('refuses each proof for the record of another, with another place, and by another key', () => {
    const proofs = filesOf(join(sample, 'proofs'), '.tlog-proof')
    const vkeys = join(sample, 'vkeys.txt')
    const pack = copyOfSample()
    const ask = (...words: string[]) => spawnSync(binary, words).status
    for (const [n, proof] of proofs.entries()) {
      const record = (path: string) => path.replace('.tlog-proof', '.json')
      const other = proofs[(n + 1) % proofs.length] as string
      expect(ask(vkeys, record(proof), proof)).toBe(0)
      expect(ask(vkeys, record(other), proof)).toBe(1)
      const moved = join(pack, 'moved')
      writeFileSync(moved, readFileSync(proof, 'utf8').replace(/^index \d+/m, 'index 1'))
      expect(ask(vkeys, record(proof), moved)).toBe(1)
      const none = join(pack, 'none')
      writeFileSync(none, '')
      expect(ask(none, record(proof), proof)).toBe(1)
    }
  })
})
