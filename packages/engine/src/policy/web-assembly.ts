// The part of WebAssembly used here. TypeScript declares it only with the DOM's types, which Node code has not.
export type WasmModule = object
export type WasmInstance = { readonly exports: object }
export type WasmMemory = { readonly buffer: ArrayBuffer; grow(pages: number): number }

type WasmApi = {
  Module: new (bytes: Uint8Array) => WasmModule
  Instance: new (
    module: WasmModule,
    imports: Record<string, Record<string, unknown>>,
  ) => WasmInstance
  Memory: new (limits: { initial: number; maximum: number }) => WasmMemory
  RuntimeError: new (message?: string) => Error
}

export const webAssembly: WasmApi = (globalThis as unknown as { WebAssembly: WasmApi }).WebAssembly
