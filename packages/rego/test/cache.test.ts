import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmod,
  copyFile,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type CompiledPolicy, compile } from '../src/index.ts'
import { entrypoints, overview, policy } from './support/policies.ts'

const run = promisify(execFile)
const modules = [policy(overview)]
const allowAll = {
  modules: [policy('package lelu.authz\n\nallow := true\n\nrequire_approval := false\n')],
  entrypoints,
}

let root = ''
let folder = ''

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'lelu-cache-'))
  folder = join(root, 'deep', 'cache')
})

afterEach(() => rm(root, { recursive: true, force: true }))

const build = (cache = folder) => compile({ modules, entrypoints, cache })

async function entry(): Promise<string> {
  const names = await readdir(folder)
  expect(names).toHaveLength(1)
  return join(folder, names[0] as string)
}

/** What cannot be told from a policy compiled afresh. */
function expectWhole(actual: CompiledPolicy, expected: CompiledPolicy): void {
  expect(Buffer.from(actual.wasm).equals(Buffer.from(expected.wasm))).toBe(true)
  expect({ ...actual, wasm: null }).toEqual({ ...expected, wasm: null })
}

/** A process that may start no thread: there a compile succeeds from the cache or not at all. */
async function compileWithoutThreads(
  cache: string,
  source: string,
): Promise<{ code?: string; bytes?: number }> {
  const index = fileURLToPath(new URL('../src/index.ts', import.meta.url))
  const script = `
    import { compile } from ${JSON.stringify(index)}
    const modules = [{ path: 'policy.rego', source: ${JSON.stringify(source)} }]
    const options = { modules, entrypoints: ${JSON.stringify(entrypoints)}, cache: ${JSON.stringify(cache)} }
    const answer = await compile(options).then((p) => ({ bytes: p.wasm.length }), (e) => ({ code: e.code }))
    console.log(JSON.stringify(answer))`
  const flags = ['--permission', '--allow-fs-read=*', '--allow-fs-write=*', '--input-type=module']
  const { stdout } = await run(process.execPath, [...flags, '--eval', script], { cwd: root })
  return JSON.parse(stdout)
}

describe('the cache', () => {
  it('gives back what was compiled', async () => {
    const first = await build()
    expectWhole(await build(), first)
    expect(await readdir(folder)).toHaveLength(1)
  })

  it('starts no compiler for a hit', async () => {
    const first = await build()
    expect(await compileWithoutThreads(folder, overview)).toEqual({ bytes: first.wasm.length })
    expect(await compileWithoutThreads(folder, `${overview}# changed`)).toEqual({
      code: 'LELU_COMPILER_FAILED',
    })
  })

  it('is for its owner alone', async () => {
    await build()
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
    expect((await stat(await entry())).mode & 0o777).toBe(0o600)
  })

  it('is not touched with cache: false', async () => {
    await compile({ modules, entrypoints, cache: false })
    await expect(stat(folder)).rejects.toThrow('ENOENT')
  })

  it.each<[string, (bytes: Buffer) => Buffer]>([
    ['is cut short', (bytes) => bytes.subarray(0, bytes.length - 10)],
    ['is empty', () => Buffer.alloc(0)],
    ['has one other bit', (bytes) => flip(bytes, bytes.length - 1)],
    ['has another head', (bytes) => flip(bytes, 120)],
    ['is something else', () => Buffer.from('{"wasm":"AGFzbQ=="}')],
  ])('compiles again and replaces an entry that %s', async (_, damage) => {
    const first = await build()
    const good = await readFile(await entry())
    await writeFile(await entry(), damage(good))
    expectWhole(await build(), first)
    expect((await readFile(await entry())).equals(good)).toBe(true)
  })

  it('takes no entry of another policy under this name', async () => {
    const first = await build()
    const mine = await entry()
    const other = join(root, 'other')
    await compile({ ...allowAll, cache: other })
    await copyFile(join(other, (await readdir(other))[0] as string), mine)
    expectWhole(await build(), first)
  })

  it('takes no entry that came with a repository', async () => {
    const first = await build()
    const [{ wasm }, text] = [
      await compile({ ...allowAll, cache: false }),
      await readFile(await entry()),
    ]
    const start = text.indexOf(10) + 1
    const head = text.subarray(start, text.indexOf(10, start) + 1)
    const body = Buffer.concat([head, wasm]) // of this very policy, as it says, and whole
    const hash = createHash('sha256').update(body).digest('hex')
    await writeFile(await entry(), Buffer.concat([Buffer.from(`lelu-policy 1 ${hash}\n`), body]))
    await chmod(await entry(), 0o644) // as git, tar and COPY leave a file
    expectWhole(await build(), first)
  })

  it('takes no entry that others may write', async () => {
    const first = await build()
    await chmod(await entry(), 0o666)
    expectWhole(await build(), first)
    expect((await stat(await entry())).mode & 0o777).toBe(0o600)
  })

  it('follows no symbolic link', async () => {
    const first = await build()
    const mine = await entry()
    const elsewhere = join(root, 'elsewhere.policy')
    await copyFile(mine, elsewhere)
    await rm(mine)
    await symlink(elsewhere, mine)
    expectWhole(await build(), first)
    expect((await readFile(mine)).length).toBeGreaterThan(1000)
    expect((await lstat(mine)).isSymbolicLink()).toBe(false)
  })

  it('does not wait on a named pipe', async () => {
    const first = await build()
    const mine = await entry()
    await rm(mine)
    await run('mkfifo', ['-m', '600', mine])
    expectWhole(await build(), first)
  })

  it('that cannot be used is a warning, and leaves nothing behind', async () => {
    const first = await build()
    await writeFile(join(root, 'file'), '')
    const compiled = await build(join(root, 'file'))
    expect(compiled.warnings.at(-1)).toMatchObject({
      severity: 'warning',
      code: 'lelu_cache_unusable',
    })
    expectWhole({ ...compiled, warnings: compiled.warnings.slice(0, -1) }, first)

    const blocked = await entry()
    await rm(blocked)
    await mkdir(join(blocked, 'x'), { recursive: true })
    expect((await build()).warnings.at(-1)?.code).toBe('lelu_cache_unusable')
    expect(await readdir(folder)).toHaveLength(1)
  })

  it('stands many writers at once', async () => {
    const all = await Promise.all(Array.from({ length: 5 }, () => build()))
    const [first] = all
    if (!first) throw new Error('nothing was compiled')
    for (const one of all) expectWhole(one, first)
    expect(await readdir(folder)).toHaveLength(1)
  })
})

function flip(bytes: Buffer, at: number): Buffer {
  const out = Buffer.from(bytes)
  out[at] = (out[at] ?? 0) ^ 1
  return out
}

// A policy whose data a job writes anew every hour: three gigabytes a year.
it('keeps the newest hundred policies, and touches nothing that is not its own', async () => {
  await mkdir(folder, { recursive: true })
  const old = Array.from({ length: 100 }, (_, n) => `${String(n).padStart(64, '0')}.policy`)
  const others = ['notes.policy', `${'a'.repeat(64)}.denied`, 'README.md']
  for (const name of [...old, ...others]) {
    await writeFile(join(folder, name), '')
    await utimes(join(folder, name), 1, old.indexOf(name) + 2)
  }
  await build()
  const left = await readdir(folder)
  expect(left).toEqual(expect.arrayContaining(others))
  expect(left.filter((name) => old.includes(name)).sort()).toEqual(old.slice(11))
  expect(left).toHaveLength(others.length + 90)
})
