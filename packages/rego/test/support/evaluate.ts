import type { CompiledPolicy, Json } from '../../src/index.ts'
import { webAssembly } from '../../src/web-assembly.ts'

type Abi = {
  entrypoints(): number
  opa_json_dump(value: number): number
  opa_malloc(size: number): number
  opa_json_parse(text: number, length: number): number
  opa_heap_ptr_get(): number
  opa_eval(
    reserved: number,
    entrypoint: number,
    data: number,
    input: number,
    inputLength: number,
    heap: number,
    format: number,
  ): number
}

type MemoryConstructor = new (limits: { initial: number }) => { buffer: ArrayBuffer }

/** The least that runs a compiled policy (OPA's Wasm ABI 1.2), for these tests. Undefined means no result. */
export async function evaluate(
  policy: CompiledPolicy,
  entrypoint: string,
  input: Json,
): Promise<Json | undefined> {
  const { Memory } = webAssembly as unknown as { Memory: MemoryConstructor }
  const memory = new Memory({ initial: 8 })
  const abort = (at: number): never => {
    throw new Error(read(memory, at))
  }
  const missing = (): never => {
    throw new Error('this policy needs a host built-in')
  }
  const env = {
    memory,
    opa_abort: abort,
    opa_println: () => undefined,
    opa_builtin0: missing,
    opa_builtin1: missing,
    opa_builtin2: missing,
    opa_builtin3: missing,
    opa_builtin4: missing,
  }
  const instance = await webAssembly.instantiate(await webAssembly.compile(policy.wasm), { env })
  const abi = instance.exports as unknown as Abi
  const put = (value: Json): [number, number] => {
    const bytes = new TextEncoder().encode(JSON.stringify(value))
    const at = abi.opa_malloc(bytes.length)
    new Uint8Array(memory.buffer).set(bytes, at)
    return [at, bytes.length]
  }
  const ids = JSON.parse(read(memory, abi.opa_json_dump(abi.entrypoints()))) as Record<
    string,
    number
  >
  const id = ids[entrypoint]
  if (id === undefined) throw new Error(`no entrypoint ${entrypoint}`)
  const data = abi.opa_json_parse(...put(policy.data))
  const [at, length] = put(input)
  const result = abi.opa_eval(0, id, data, at, length, abi.opa_heap_ptr_get(), 0)
  return (JSON.parse(read(memory, result)) as { result: Json }[])[0]?.result
}

function read(memory: { buffer: ArrayBuffer }, at: number): string {
  const bytes = new Uint8Array(memory.buffer)
  return new TextDecoder().decode(bytes.subarray(at, bytes.indexOf(0, at)))
}
