import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { queueOfOne, run, suspended, temporaryFolder, trade, writeRequest } from './support.ts'

/** What `decide` is asked with. */
function question(): { policies: string; request: string } {
  const folder = temporaryFolder()
  const policies = join(folder, 'policies')
  mkdirSync(policies)
  writeFileSync(
    join(policies, 'policy.rego'),
    'package lelu.authz\n\nallow if input.confidence >= 0.9\n',
  )
  return { policies, request: writeRequest(folder) }
}

test('standard output on a full disk is a failure, not a silent success', async () => {
  const { directory } = await queueOfOne()
  const argv = ['approvals', 'list', '-C', directory]
  // sh, for the redirection; its arguments are quoted by the shell's own "$@".
  const script = '"$0" --conditions=lelu:source "$@" > /dev/full; echo $?'
  const bin = new URL('../src/bin.ts', import.meta.url).pathname
  const code = execFileSync('sh', ['-c', script, process.execPath, bin, ...argv], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  expect(code).toBe('1\n')
})

/** A place for a file system of 256 KiB, or undefined where this user may not mount. */
function mountPoint(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined
  const folder = mkdtempSync(join(tmpdir(), 'lelu-cli-disk-'))
  try {
    execFileSync('mount', [...mountOptions, folder], { stdio: 'ignore' })
    execFileSync('umount', [folder], { stdio: 'ignore' })
    return folder
  } catch {
    rmdirSync(folder)
    return undefined
  }
}

const mountOptions = ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs']
const disk = mountPoint()
afterAll(() => {
  if (disk !== undefined) rmdirSync(disk)
})

const mountable = disk === undefined ? ' (skipped: this user may not mount a file system)' : ''

function mounted(): string {
  const folder = disk ?? ''
  execFileSync('mount', [...mountOptions, folder], { stdio: 'ignore' })
  onTestFinished(() => void execFileSync('umount', ['-l', folder], { stdio: 'ignore' }))
  return folder
}

test.skipIf(disk === undefined)(
  `a full disk refuses decisions and reviews, and keeps what is stored${mountable}`,
  async () => {
    const { policies, request } = question()
    const directory = join(mounted(), 'lelu')
    const id = await suspended(directory, trade())
    const filler = join(directory, 'filler')
    const fill = () =>
      execFileSync('sh', ['-c', `head -c 1000000 /dev/zero > ${filler} 2>/dev/null || true`])
    fill()
    for (const argv of [
      ['decide', '--policies', policies, '--input', request],
      ['approvals', 'approve', id],
    ]) {
      const { code, stderr } = await run([...argv, '-C', directory])
      expect(stderr).toMatch(/^LELU_(AUDIT|STORE)_UNAVAILABLE\n/)
      expect(code).toBe(1)
    }
    rmSync(filler)
    const { stdout } = await run(['approvals', 'show', id, '--json', '-C', directory])
    expect(JSON.parse(stdout)).toMatchObject({ state: 'pending', votes: [] })
    expect((await run(['approvals', 'approve', id, '-C', directory])).code).toBe(0)
    expect((await run(['audit', 'verify', '-C', directory])).code).toBe(0)
  },
)

test.skipIf(disk === undefined)(
  `a read-only disk refuses decisions and reviews, and keeps what is stored${mountable}`,
  async () => {
    const { policies, request } = question()
    const mount = mounted()
    const directory = join(mount, 'lelu')
    const id = await suspended(directory, trade())
    execFileSync('mount', ['-o', 'remount,ro', mount])
    for (const argv of [
      ['decide', '--policies', policies, '--input', request],
      ['approvals', 'approve', id],
    ]) {
      const { code, stderr } = await run([...argv, '-C', directory])
      expect(stderr).toMatch(/^LELU_(AUDIT|STORE)_UNAVAILABLE\n[\s\S]*help: /)
      expect(code).toBe(1)
    }
    execFileSync('mount', ['-o', 'remount,rw', mount])
    expect(existsSync(directory)).toBe(true)
    const { stdout } = await run(['approvals', 'show', id, '--json', '-C', directory])
    expect(JSON.parse(stdout)).toMatchObject({ state: 'pending', votes: [] })
  },
)
