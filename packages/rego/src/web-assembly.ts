// The part of WebAssembly used here. TypeScript declares it only with the DOM's types, which Node code has not.
type WasmModule = object
export type WasmMemory = { readonly buffer: ArrayBuffer }

type WasmApi = {
  compile(bytes: Uint8Array): Promise<WasmModule>
  instantiate(
    module: WasmModule,
    imports: Record<string, Record<string, unknown>>,
  ): Promise<{ exports: Record<string, unknown> }>
}

export const webAssembly: WasmApi = (globalThis as unknown as { WebAssembly: WasmApi }).WebAssembly
