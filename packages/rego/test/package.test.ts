import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { compilerInfo } from '../src/index.ts'

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url))

describe('the shipped compiler', () => {
  it('is the one that wasm/opa.json describes', () => {
    const packed = read('wasm/opa.wasm.br')
    const info = compilerInfo()
    expect(createHash('sha256').update(packed).digest('hex')).toBe(info.brotliSha256)
    expect(packed.length).toBe(info.brotliBytes)
  })

  it('is built from the OPA and the Go that go.mod pins', () => {
    const pins = read('opa/go.mod').toString()
    expect(pins).toContain(`github.com/open-policy-agent/opa v${compilerInfo().opaVersion}\n`)
    expect(pins).toContain(`toolchain ${compilerInfo().goVersion}\n`)
  })

  it('travels in the package, with its licence and its notices', () => {
    expect(JSON.parse(read('package.json').toString()).files).toContain('wasm')
    expect(read('wasm/LICENSE-OPA').toString()).toContain('Apache License')
    const notice = read('wasm/NOTICE').toString()
    expect(notice).toContain(`github.com/open-policy-agent/opa v${compilerInfo().opaVersion}`)
    expect(notice).toContain('The Go standard library and runtime go1.26.8')
  })
})
