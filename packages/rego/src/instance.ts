// The OPA module inside the worker thread: loaded once, asked many times.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { brotliDecompressSync } from 'node:zlib'
import { ConsoleStdout, File, OpenFile, WASI } from '@bjorn3/browser_wasi_shim'
import { type WasmMemory, webAssembly } from './web-assembly.ts'

type Exports = {
  memory: WasmMemory
  _initialize(): void
  lelu_alloc(size: number): number
  lelu_free(pointer: number): void
  lelu_call(pointer: number, length: number): bigint
}

/** One running compiler. After `call` threw it must not be used again. */
export type Instance = {
  call(request: string): string
  memoryBytes(): number
  /** The end of what the module wrote to stderr: the reason of a crash. */
  lastWords(): string
}

/** `sha256` is that of the compressed file; a damaged install must not decide anything. */
export type InstanceOptions = { file: string; sha256: string }

const mostWords = 4000

/** Starts the module. Throws when the file is damaged or no module. */
export async function startInstance(options: InstanceOptions): Promise<Instance> {
  const packed = readFileSync(options.file)
  const actual = createHash('sha256').update(packed).digest('hex')
  if (actual !== options.sha256) {
    throw new Error(`${options.file} is damaged: its SHA-256 is ${actual}, not ${options.sha256}`)
  }
  const module = await webAssembly.compile(new Uint8Array(brotliDecompressSync(packed)))
  let words = ''
  const decoder = new TextDecoder()
  const listen = new ConsoleStdout((bytes) => {
    words = (words + decoder.decode(bytes, { stream: true })).slice(-mostWords)
  })
  // No preopened folder, no arguments, no environment: the module reaches nothing but its memory.
  const wasi = new WASI([], [], [new OpenFile(new File([])), listen, listen], { debug: false })
  const instance = await webAssembly.instantiate(module, {
    wasi_snapshot_preview1: wasi.wasiImport,
  })
  const exports = instance.exports as unknown as Exports
  wasi.initialize({ exports })
  return {
    call: (request) => call(exports, request),
    memoryBytes: () => exports.memory.buffer.byteLength,
    lastWords: () => words,
  }
}

function call(exports: Exports, request: string): string {
  const bytes = new TextEncoder().encode(request)
  const pointer = exports.lelu_alloc(bytes.length) >>> 0
  // The memory may have moved: a view is made after each call into the module, never kept.
  new Uint8Array(exports.memory.buffer).set(bytes, pointer)
  const packed = BigInt.asUintN(64, exports.lelu_call(pointer, bytes.length))
  const at = Number(packed >> 32n)
  const length = Number(packed & 0xffffffffn)
  const text = new TextDecoder().decode(new Uint8Array(exports.memory.buffer, at, length))
  exports.lelu_free(pointer)
  exports.lelu_free(at)
  return text
}
