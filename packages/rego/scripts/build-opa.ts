// Builds wasm/opa.wasm.br from opa/*.go. The build is reproducible: the same sources, the pinned OPA and the
// pinned Go give the same bytes in any folder, which --check proves.
//
//   node scripts/build-opa.ts           build and write wasm/
//   node scripts/build-opa.ts --check   build into a temporary folder and compare with wasm/opa.json
//
// Exit codes: 0 written or equal, 1 different or failed, 2 cannot compare (no Go, or another Go version).
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { brotliCompressSync, constants } from 'node:zlib'
import { writeNotices } from './notices.ts'

const sources = fileURLToPath(new URL('../opa/', import.meta.url))
const output = new URL('../wasm/', import.meta.url)

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })
const pinned = readPins()
const environment = {
  ...process.env,
  GOOS: 'wasip1',
  GOARCH: 'wasm',
  CGO_ENABLED: '0',
  GOWORK: 'off',
  GOWASM: '',
  GOEXPERIMENT: '',
  GOFLAGS: '-buildvcs=false -mod=readonly',
  GOTOOLCHAIN: pinned.go,
}

requireGo()
const folder = mkdtempSync(join(tmpdir(), 'lelu-opa-'))
try {
  const raw = build(join(folder, 'opa.wasm'))
  if (values.check) compare(raw)
  else write(raw)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function readPins(): { go: string; opa: string } {
  const text = readFileSync(join(sources, 'go.mod'), 'utf8')
  const go = /^toolchain (\S+)$/m.exec(text)?.[1]
  const opa = /github\.com\/open-policy-agent\/opa v(\S+)$/m.exec(text)?.[1]
  if (!go || !opa) throw new Error('go.mod pins no toolchain or no OPA version')
  return { go, opa }
}

function requireGo(): void {
  let found = ''
  try {
    found = execFileSync('go', ['env', 'GOVERSION'], {
      cwd: sources,
      env: environment,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim()
  } catch (error) {
    stop(2, `cannot compare: ${pinned.go} is needed and could not be started (${firstLine(error)})`)
  }
  if (found !== pinned.go) stop(2, `cannot compare: ${pinned.go} is needed and this is ${found}`)
}

function build(target: string): Buffer {
  execFileSync(
    'go',
    ['build', '-buildmode=c-shared', '-trimpath', '-ldflags=-s -w', '-o', target, '.'],
    { cwd: sources, env: environment, stdio: 'inherit' },
  )
  return readFileSync(target)
}

function compare(raw: Buffer): void {
  const committed = JSON.parse(readFileSync(new URL('opa.json', output), 'utf8'))
  const packed = readFileSync(new URL('opa.wasm.br', output))
  const differences = [
    ['sha256', committed.sha256, sha256(raw)],
    ['bytes', committed.bytes, raw.length],
    ['brotliSha256', committed.brotliSha256, sha256(packed)],
    ['opaVersion', committed.opaVersion, pinned.opa],
    ['goVersion', committed.goVersion, pinned.go],
  ].filter(([, expected, actual]) => expected !== actual)
  for (const [name, expected, actual] of differences) {
    console.error(`${name} differs: wasm/opa.json says ${expected}, this build gives ${actual}`)
  }
  if (differences.length > 0) stop(1, 'wasm/ was not built from these sources: run the build')
  console.log(`equal: ${sha256(raw)}`)
}

function write(raw: Buffer): void {
  const packed = brotliCompressSync(raw, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
      [constants.BROTLI_PARAM_SIZE_HINT]: raw.length,
    },
  })
  const about = {
    opaVersion: pinned.opa,
    goVersion: pinned.go,
    sha256: sha256(raw),
    bytes: raw.length,
    brotliSha256: sha256(packed),
    brotliBytes: packed.length,
  }
  writeFileSync(new URL('opa.wasm.br', output), packed)
  writeFileSync(new URL('opa.json', output), `${JSON.stringify(about, null, 2)}\n`)
  writeNotices({ sources, output, environment })
  const size = statSync(new URL('opa.wasm.br', output)).size
  console.log(`OPA ${about.opaVersion}, ${about.goVersion}: ${raw.length} bytes, ${size} packed`)
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''
}

function stop(code: number, message: string): never {
  console.error(message)
  process.exit(code)
}
