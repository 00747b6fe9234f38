import type { BuiltinValue } from './builtin-value.ts'
import type { Builtin } from './builtins.ts'
import type { WasmMemory } from './web-assembly.ts'

/** What the Wasm that OPA compiles exports (ABI 1.2). Addresses are numbers; 0 is undefined. */
export type Exports = {
  opa_eval(
    reserved: 0,
    entrypoint: number,
    data: number,
    input: number,
    inputLength: number,
    heap: number,
    format: 0,
  ): number
  opa_malloc(bytes: number): number
  opa_json_parse(address: number, length: number): number
  opa_json_dump(value: number): number
  builtins(): number
  opa_wasm_abi_version: { value: number }
  opa_wasm_abi_minor_version: { value: number }
}

/** The NUL-terminated UTF-8 text at an address. */
export function readText(memory: WasmMemory, address: number): string {
  const bytes = Buffer.from(memory.buffer)
  return bytes.toString('utf8', address, bytes.indexOf(0, address))
}

/** Calls a built-in with values of Wasm memory and puts its result there; 0 is undefined. */
export function callBuiltin(
  builtin: Builtin,
  addresses: number[],
  exports: Exports,
  memory: WasmMemory,
): number {
  const values = addresses.map((address) => parse(readText(memory, exports.opa_json_dump(address))))
  const value = builtin(...values)
  if (value === undefined) return 0
  const bytes = Buffer.from(stringify(value))
  const address = exports.opa_malloc(bytes.length)
  Buffer.from(memory.buffer).set(bytes, address)
  return exports.opa_json_parse(address, bytes.length)
}

function parse(text: string): BuiltinValue {
  return JSON.parse(text, /\d{16}/.test(text) ? exactInteger : undefined) as BuiltinValue
}

/** `context` is the third argument of a reviver since V8 11.4 (JSON.parse source text access). */
function exactInteger(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || !Number.isInteger(value) || Number.isSafeInteger(value))
    return value
  const source = context?.source ?? ''
  return /^-?\d+$/.test(source) ? BigInt(source) : value
}

function stringify(value: BuiltinValue): string {
  if (typeof value === 'bigint') return String(value)
  if (Array.isArray(value)) return `[${value.map(stringify).join(',')}]`
  return JSON.stringify(value)
}
