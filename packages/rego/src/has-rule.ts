/**
 * Whether compiled Wasm holds a rule, such as `lelu.authz.deny`: one that no entrypoint leads to is left out of it. A rule
 * whose path has brackets (`a["b-c"]`) is not found.
 */
export function hasRule(wasm: Uint8Array, rule: string): boolean {
  // The compiler names the function of each rule after the rule.
  const text = Buffer.from(`g0.data.${rule}`)
  // In the name section each name follows its length: `allowed` is not taken for `allow`.
  const length = text.length < 128 ? [text.length] : [(text.length & 127) | 128, text.length >> 7]
  const bytes = Buffer.from(wasm.buffer, wasm.byteOffset, wasm.byteLength)
  return bytes.includes(Buffer.concat([Buffer.from(length), text]))
}
