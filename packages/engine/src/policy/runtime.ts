import { createRequire } from 'node:module'
import { LeluError } from '../errors.ts'
import type { Json } from '../types.ts'
import { builtins as allBuiltins, type Builtin } from './builtins.ts'
import { boundPatterns } from './patterns.ts'
import { callBuiltin, type Exports, readText } from './wasm-values.ts'
import { type WasmInstance, type WasmMemory, type WasmModule, webAssembly } from './web-assembly.ts'

type OpaPolicy = {
  dataAddr: number
  dataHeapPtr: number
  entrypoints: Record<string, number>
  setData(data: Json): void
}
type OpaPolicyClass = new (
  instance: WasmInstance,
  memory: WasmMemory,
  minorVersion: number,
) => OpaPolicy

// The ESM build has types for exports that it does not have, so the CommonJS one is taken.
const { LoadedPolicy: OpaPolicy } = createRequire(import.meta.url)(
  '@open-policy-agent/opa-wasm',
) as { LoadedPolicy: OpaPolicyClass }

export type RuntimeOptions = {
  wasm: Uint8Array
  data: Json
  entrypoint: string
  /** Of Wasm memory, 64 KiB each. Default 4096 (256 MiB). */
  maxPages?: number
  /** What the policy may call. */
  builtins?: Readonly<Record<string, Builtin>>
}

/** One compiled policy that answers questions, one at a time. */
export type Runtime = {
  /** Valid JSON text in, JSON text of the result out, undefined when the rule has no value. Throws LeluError. */
  evaluate(inputText: string): string | undefined
  /** Of the living instance. */
  memoryBytes(): number
}

type Machine = {
  exports: Exports
  memory: WasmMemory
  /** Over `memory.buffer`; made again after each growth, which detaches the buffer. */
  bytes: Buffer
  opa: OpaPolicy
  entrypoint: number
  /** With the data loaded. */
  startBytes: number
  resetPatterns: () => void
}

const pageBytes = 64 * 1024
/** Wasm memory never shrinks: an instance that grew by more than this over one input is replaced. */
const keepBytes = 8 * 1024 * 1024

/**
 * Runs OPA's Wasm. The hot path calls `opa_eval` itself and writes the input straight into Wasm memory; the library
 * loads the data. After an abort, a trap or a huge input the instance is thrown away, as its memory is in doubt.
 * Evaluation is synchronous, so nothing here can stop a policy that computes for long: no timer would fire.
 * Bounded inputs and policies from a trusted author are what bounds it.
 */
export function createRuntime(options: RuntimeOptions): Runtime {
  const module = new webAssembly.Module(options.wasm)
  let machine: Machine | undefined = start(module, options)
  let busy = false

  function evaluate(inputText: string): string | undefined {
    // A built-in that asked the same instance again would overwrite the memory of the first question.
    if (busy) throw failed('busy', 'it was asked again from inside of an evaluation')
    busy = true
    try {
      machine ??= start(module, options)
      const result = run(machine, inputText)
      if (machine.memory.buffer.byteLength > machine.startBytes + keepBytes) machine = undefined
      return result
    } catch (error) {
      machine = undefined
      throw typed(error)
    } finally {
      busy = false
    }
  }
  return { evaluate, memoryBytes: () => machine?.memory.buffer.byteLength ?? 0 }
}

function start(
  module: WasmModule,
  { wasm, data, entrypoint, maxPages = 4096, ...options }: RuntimeOptions,
): Machine {
  const { builtins, reset: resetPatterns } = boundPatterns(options.builtins ?? allBuiltins)
  // Enough for the static data, which is a part of the module, and to start with.
  const initial = Math.ceil(wasm.byteLength / pageBytes) + 5
  const memory = new webAssembly.Memory({ initial: Math.min(initial, maxPages), maximum: maxPages })
  const called: { exports?: Exports; names: string[] } = { names: [] }
  const call = (id: number, _context: number, ...values: number[]): number => {
    const name = called.names[id] as string
    try {
      return callBuiltin(builtins[name] as Builtin, values, called.exports as Exports, memory)
    } catch (error) {
      throw error instanceof LeluError
        ? error
        : failed('builtin', `its built-in ${name} failed`, error)
    }
  }
  const env = {
    memory,
    opa_abort: (address: number) => {
      throw failed('abort', readText(memory, address))
    },
    opa_println: () => {},
    ...{
      opa_builtin0: call,
      opa_builtin1: call,
      opa_builtin2: call,
      opa_builtin3: call,
      opa_builtin4: call,
    },
  }
  const instance = new webAssembly.Instance(module, { env })
  const exports = instance.exports as Exports
  const minorVersion = exports.opa_wasm_abi_minor_version.value
  if (exports.opa_wasm_abi_version.value !== 1 || minorVersion < 2) {
    throw unsupported(
      'it was compiled for another version of the Wasm interface',
      'Compile it with @lelu/rego.',
    )
  }
  called.exports = exports
  called.names = namesOf(exports, memory, builtins)
  try {
    const opa = new OpaPolicy(instance, memory, minorVersion)
    opa.setData(data)
    const id = Object.hasOwn(opa.entrypoints, entrypoint) ? opa.entrypoints[entrypoint] : undefined
    if (id === undefined)
      throw unsupported(`it has no entrypoint ${entrypoint}`, 'Compile it with that entrypoint.')
    return {
      exports,
      memory,
      bytes: Buffer.from(memory.buffer),
      opa,
      entrypoint: id,
      startBytes: memory.buffer.byteLength,
      resetPatterns,
    }
  } catch (error) {
    throw typed(error)
  }
}

/** Built-in names by id. One the host does not have is found now, not when the one rule that calls it first fires. */
function namesOf(
  exports: Exports,
  memory: WasmMemory,
  known: Readonly<Record<string, Builtin>>,
): string[] {
  const ids = JSON.parse(readText(memory, exports.opa_json_dump(exports.builtins()))) as Record<
    string,
    number
  >
  const missing = Object.keys(ids).filter((name) => !Object.hasOwn(known, name))
  if (missing.length > 0) {
    const callable = Object.keys(known).filter((name) => !name.startsWith('lelu.'))
    throw unsupported(
      `it calls ${missing.sort().join(', ')}, which this engine does not have`,
      `Write the rule without. Beside OPA's native built-ins there are: ${callable.join(', ')}.`,
      { builtins: missing },
    )
  }
  const names: string[] = []
  for (const [name, id] of Object.entries(ids)) names[id] = name
  return names
}

function run(machine: Machine, inputText: string): string | undefined {
  const { exports, memory, opa } = machine
  machine.resetPatterns()
  const address = opa.dataHeapPtr
  // A text that did not fit would be cut, and the policy be asked without an input.
  const missing = address + Buffer.byteLength(inputText) - memory.buffer.byteLength
  if (missing > 0) memory.grow(Math.ceil(missing / pageBytes))
  const length = bytesOf(machine).write(inputText, address)
  const result = exports.opa_eval(
    0,
    machine.entrypoint,
    opa.dataAddr,
    address,
    length,
    address + length,
    0,
  )
  const bytes = bytesOf(machine)
  const text = bytes.toString('utf8', result, bytes.indexOf(0, result))
  if (text === '[]') return undefined
  // The result set of an entrypoint has one member, and that one key.
  if (!(text.startsWith('[{"result":') && text.endsWith('}]')))
    throw failed('result', 'its result has another shape')
  return text.slice(11, -2)
}

function bytesOf(machine: Machine): Buffer {
  if (machine.bytes.buffer !== machine.memory.buffer)
    machine.bytes = Buffer.from(machine.memory.buffer)
  return machine.bytes
}

/** There is no input in it: aborts of OPA name rules and places. */
function failed(kind: string, why: string, cause?: unknown): LeluError {
  return new LeluError('LELU_POLICY_FAILED', `The policy failed while it was evaluated: ${why}.`, {
    help: 'The call was denied. Evaluate it again with `lelu policy explain` to see the rule.',
    details: { kind },
    ...(cause !== undefined && { cause }),
  })
}

function unsupported(why: string, help: string, details: Record<string, unknown> = {}): LeluError {
  return new LeluError('LELU_POLICY_UNSUPPORTED', `The policy cannot run here: ${why}.`, {
    help,
    details,
  })
}

function typed(error: unknown): LeluError {
  if (error instanceof LeluError) return error
  if (error instanceof webAssembly.RuntimeError) return failed('trap', 'its Wasm trapped', error)
  if (error instanceof RangeError)
    return failed('memory', 'it ran out of memory or of stack', error)
  return failed('unknown', 'the runtime broke', error)
}
