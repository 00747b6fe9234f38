import type { Client, Shape, TokenSyntax } from './client.ts'
import { type Data, isObject, own } from './documents/format.ts'

// How clients write one server. The same few shapes, under other names.

/** `{ url }` */
export function bare(url: string): Shape {
  return { required: { url } }
}

/** `{ type, url }` */
export function typed(type: string): (url: string) => Shape {
  return (url) => ({ required: { type, url } })
}

/** `{ serverUrl }`: with `url` these clients do not connect. */
export function serverUrl(url: string): Shape {
  return { required: { serverUrl: url } }
}

/** `{ command, args }` */
export function command(program: string, args: readonly string[]): Shape {
  return { required: { command: program, args: [...args] } }
}

/** `{ type: 'stdio', command, args }` */
export function typedCommand(program: string, args: readonly string[]): Shape {
  return { required: { type: 'stdio', command: program, args: [...args] } }
}

/** OpenCode and those that came from it: `command` is the whole line. */
export function commandLine(program: string, args: readonly string[]): Shape {
  return { required: { type: 'local', command: [program, ...args] }, defaults: { enabled: true } }
}

/** A shape with more for a new entry. */
export function withDefaults<Given extends readonly unknown[]>(
  shape: (...given: Given) => Shape,
  more: Data,
): (...given: Given) => Shape {
  return (...given) => {
    const { required, defaults } = shape(...given)
    return { required, defaults: { ...defaults, ...more } }
  }
}

/** Servers under one key, whatever the file holds. */
export function under(...keys: string[]): Client['container'] {
  return () => keys
}

/** OpenCode's first layout has servers under `mcp`, its second under `mcp.servers`: the file decides. */
export function openCodeContainer(data: Data): readonly string[] {
  const mcp = own(data, 'mcp')
  const servers = isObject(mcp) ? own(mcp, 'servers') : undefined
  const isServer =
    isObject(servers) &&
    ['type', 'url', 'command'].some((key) => typeof own(servers, key) === 'string')
  return isObject(servers) && !isServer ? ['mcp', 'servers'] : ['mcp']
}

/** OpenCode and those that came from it put in the content of a file. */
export const fileInBraces: RegExp = /\{file:[^}]+\}/g

export const dollar: TokenSyntax = { kind: 'text', reference: 'dollar' }
export const envColon: TokenSyntax = { kind: 'text', reference: 'env-colon' }
export const noToken: TokenSyntax = { kind: 'none' }
