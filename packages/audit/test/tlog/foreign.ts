import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const sources = fileURLToPath(new URL('../../../../docs/audit/verify-with-go/', import.meta.url))

const environment = {
  ...process.env,
  // Where Go's own installer puts it, whatever PATH says.
  PATH: [process.env.PATH, '/usr/local/go/bin'].join(delimiter),
  GOFLAGS: '-mod=readonly -buildvcs=false -trimpath',
  GOWORK: 'off',
  CGO_ENABLED: '0',
}

function go(...words: string[]): string {
  return execFileSync('go', words, {
    cwd: sources,
    env: environment,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 300_000,
  })
}

/** The program in docs/audit/verify-with-go, built once for its sources; or why it cannot be built here. */
export function foreignVerifier(): { binary: string } | { missing: string } {
  let version: string
  try {
    version = go('env', 'GOVERSION')
  } catch {
    return { missing: 'Go is not installed' }
  }
  const sum = createHash('sha256').update(version)
  for (const name of ['go.mod', 'go.sum', 'main.go', 'check.go', 'pack.go', 'requests.go']) {
    sum.update(`${name}\n`).update(readFileSync(join(sources, name)))
  }
  const folder = join(tmpdir(), 'lelu-test-cache')
  const binary = join(folder, `foreign-verifier-${sum.digest('hex').slice(0, 16)}`)
  if (existsSync(binary)) return { binary }
  if (!downloads()) return { missing: 'golang.org/x/mod could not be fetched' }
  mkdirSync(folder, { recursive: true })
  // From here on a failure is a fault of ours, and fails the test.
  go('build', '-o', `${binary}.${process.pid}`, '.')
  renameSync(`${binary}.${process.pid}`, binary)
  return { binary }
}

function downloads(): boolean {
  for (const _ of [1, 2]) {
    try {
      go('mod', 'download')
      return true
    } catch {
      // A proxy that does not have it now may have it a little later.
    }
  }
  return false
}

/** Whether Go takes each request: see `request` in docs/audit/verify-with-go/requests.go. */
export function askGo(binary: string, requests: readonly object[]): boolean[] {
  const { stdout, stderr, status } = spawnSync(binary, ['--requests'], {
    input: requests.map((one) => `${JSON.stringify(one)}\n`).join(''),
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    timeout: 300_000,
  })
  const lines = stdout.split('\n').slice(0, -1)
  if (status !== 0 || lines.length !== requests.length) {
    throw new Error(`the foreign verifier ended with ${status}: ${stderr}`)
  }
  return lines.map((line) => (JSON.parse(line) as { ok: boolean }).ok)
}
