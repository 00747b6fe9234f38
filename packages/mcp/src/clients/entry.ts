import { LeluMcpError } from '../errors.ts'
import type { Client, Named, Shape } from './client.ts'
import { type Change, type Data, define, isObject, own } from './documents/format.ts'
import { writeReference } from './references.ts'

/** The server that is to be added: at a URL, or a command of this computer. */
export type Wanted =
  | { kind: 'http'; url: string; headers: Readonly<Record<string, string>>; tokenEnv?: string }
  | { kind: 'stdio'; command: string; args: readonly string[] }

/** A server as an entry names it, whatever the client's words. References are not resolved yet. */
export type Server =
  | { kind: 'http'; url: string; sse: boolean; headers: Record<string, string>; tokenEnv?: string }
  | {
      kind: 'stdio'
      command: string
      args: string[]
      env: Record<string, string>
      cwd?: string
    }

/** Under which clients keep the URL of a server. */
export const urlKeys: readonly string[] = ['url', 'serverUrl', 'httpUrl', 'uri', 'baseUrl']
const headerKeys = ['headers', 'http_headers']
const tokenKeys = [
  'bearer_token_env_var',
  'bearer_token_env',
  'bearerTokenEnvVar',
  'bearerTokenEnv',
]
const commandKeys = ['command', 'cmd']
const envKeys = ['env', 'environment', 'envs']

/** Keys that make a connection, of either kind. Those of the other kind go when an entry changes its kind. */
export const httpKeys: readonly string[] = [
  ...urlKeys,
  ...headerKeys,
  ...tokenKeys,
  'env_http_headers',
  'env_keys',
  'oauth',
  'auth',
]
export const stdioKeys: readonly string[] = [...commandKeys, ...envKeys, 'args', 'cwd', 'envFile']
/** What carries a secret to the server of the entry, and may not be carried to another one. */
export const credentialKeys: readonly string[] = httpKeys.filter((key) => !urlKeys.includes(key))

/** What a connection may need that nobody but the client can give it: other files, a login, a program that is asked. */
const clientsOwn: readonly string[] = [
  ...['env_http_headers', 'env_keys', 'env_vars', 'envFile', 'env_file'],
  ...['oauth', 'auth', 'headersHelper'],
]

/** The first such member of an entry, where it says anything. */
export function ownMember(entry: Data): string | undefined {
  return clientsOwn.find((key) => {
    const value = own(entry, key)
    const isNothing = value === undefined || value === null || value === false || value === ''
    return !isNothing && !(isObject(value) && Object.keys(value).length === 0)
  })
}

/** What is wrong with an entry; the client would not start it, or another than one thinks. */
export type Misshapen = { problem: string }

/** Reads one entry of a client's file. */
export function readEntry(entry: unknown): Server | Misshapen {
  if (!isObject(entry)) return { problem: 'it is not an object' }
  const url = firstText(entry, urlKeys)
  const line = commandLineOf(entry)
  if (url !== undefined && line !== undefined) return { problem: 'it has a URL and a command' }
  if (url !== undefined) {
    if (!isHttpUrl(url)) return { problem: 'its URL is not one of http or https' }
    const type = own(entry, 'type') ?? own(entry, 'transport')
    const tokenEnv = firstText(entry, tokenKeys)
    const headers = texts(headerKeys.map((key) => own(entry, key)).find(isObject))
    const sse = type === 'sse'
    return { kind: 'http', url, sse, headers, ...(tokenEnv !== undefined && { tokenEnv }) }
  }
  if (line === undefined) return { problem: 'it has neither a URL nor a command' }
  const cwd = own(entry, 'cwd')
  const env = texts(envKeys.map((key) => own(entry, key)).find(isObject))
  return { kind: 'stdio', ...line, env, ...(typeof cwd === 'string' && { cwd }) }
}

function commandLineOf(entry: Data): { command: string; args: string[] } | undefined {
  const command = commandKeys.map((key) => own(entry, key)).find((found) => found !== undefined)
  const args = own(entry, 'args')
  const rest = Array.isArray(args) ? args.map(String) : []
  if (typeof command === 'string' && command !== '') return { command, args: rest }
  if (!Array.isArray(command)) return undefined
  const [first, ...others] = command.map(String)
  return first === undefined ? undefined : { command: first, args: [...others, ...rest] }
}

function firstText(entry: Data, keys: readonly string[]): string | undefined {
  return keys.map((key) => own(entry, key)).find((value) => typeof value === 'string') as
    | string
    | undefined
}

function texts(data: Data | undefined): Record<string, string> {
  const found: Data = {}
  for (const [key, value] of Object.entries(data ?? {})) {
    if (typeof value !== 'object') define(found, key, String(value))
  }
  return found as Record<string, string>
}

/** Also with a reference in it, which only the client resolves. */
export function isHttpUrl(text: string): boolean {
  return /^\$?\{/.test(text) || /^https?:\/\/[^\s/]/i.test(text)
}

/** The entry for one client, and what its file needs beside it. Throws where the client cannot have it. */
export function entryFor(
  client: Client,
  wanted: Wanted,
  named: Named,
): { shape: Shape; beside: Change[] } {
  if (wanted.kind === 'stdio') {
    return { shape: client.stdio(wanted.command, wanted.args, named), beside: [] }
  }
  if (client.remote === null) {
    throw new LeluMcpError(
      'LELU_MCP_CLIENT_UNSUPPORTED',
      `${client.title} takes no server at a URL from its file.`,
      { help: 'Use --stdio: it starts the server itself.', details: { client: client.id } },
    )
  }
  const shape = client.remote(wanted.url, named)
  const token = tokenFor(client, wanted.tokenEnv, named)
  const headers = { ...wanted.headers, ...token.headers }
  const required = {
    ...shape.required,
    ...token.fields,
    ...(Object.keys(headers).length > 0 && { [client.headersKey]: headers }),
  }
  return { shape: { ...shape, required }, beside: token.beside }
}

type Token = { headers: Record<string, string>; fields: Data; beside: Change[] }

function tokenFor(client: Client, name: string | undefined, { scope }: Named): Token {
  const none: Token = { headers: {}, fields: {}, beside: [] }
  if (name === undefined) return none
  const { token } = client
  if (token.kind === 'field') return { ...none, fields: { [token.field]: name } }
  if (token.kind === 'input') {
    const input = { type: 'promptString', id: name, description: `Token of Lelu`, password: true }
    const headers = { Authorization: `Bearer ${writeReference('input', name)}` }
    return { ...none, headers, beside: [{ at: ['inputs'], value: input }] }
  }
  if (token.kind === 'none' || token.scopes?.includes(scope) === false) {
    const where = token.kind === 'none' ? '' : ` in the file of a project`
    throw new LeluMcpError(
      'LELU_MCP_TOKEN_UNSUPPORTED',
      `${client.title} is not known to take a token from the environment${where}.`,
      {
        help:
          token.kind === 'none'
            ? "Use --stdio, which needs no token, or write it into the file: --header 'Authorization: Bearer …'."
            : 'Use --global.',
        details: { client: client.id },
      },
    )
  }
  const headers = { Authorization: `Bearer ${writeReference(token.reference, name)}` }
  return { ...none, headers, fields: token.beside?.(name) ?? {} }
}
