import { readFileSync } from 'node:fs'

/** The versions and digests of the compiler. `bytes` is its size in memory, `brotliBytes` that of the file, in bytes. */
export type CompilerInfo = {
  opaVersion: string
  goVersion: string
  /** SHA-256 of the raw module, hex. */
  sha256: string
  bytes: number
  /** SHA-256 of the compressed file that is shipped, hex. */
  brotliSha256: string
  brotliBytes: number
}

let info: Readonly<CompilerInfo> | undefined

/** What the compiler in this package was built from. */
export function compilerInfo(): Readonly<CompilerInfo> {
  info ??= Object.freeze(
    JSON.parse(readFileSync(new URL('../wasm/opa.json', import.meta.url), 'utf8')) as CompilerInfo,
  )
  return info
}
