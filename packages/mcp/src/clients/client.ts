import type { Data } from './documents/format.ts'

/** Of one person on this computer, or of everybody who works in a folder. */
export type Scope = 'global' | 'project'

/** Where the command runs: passed in, so that a test has a home of its own. */
export type Place = {
  home: string
  /** The folder that counts as the project. */
  cwd: string
  platform: NodeJS.Platform
  env: Readonly<Record<string, string | undefined>>
}

/** What an entry is made of: what makes the connection, and what is only written into a new entry. */
export type Shape = { required: Data; defaults?: Data }

/** Which entry a shape is for. */
export type Named = { name: string; scope: Scope }

/** How a client takes a token from the environment, instead of finding it in the file. */
export type TokenSyntax =
  /** In any text, such as `${env:NAME}`. */
  | { kind: 'text'; reference: Reference; scopes?: readonly Scope[]; beside?(name: string): Data }
  /** A field of the entry that names the variable. */
  | { kind: 'field'; field: string }
  /** VS Code asks for it once and keeps it. */
  | { kind: 'input' }
  /** It has none, or none that is documented. */
  | { kind: 'none' }

export type Reference = 'env-colon' | 'dollar' | 'braces' | 'input'

/** One MCP client: where it keeps its servers, and how it writes one. */
export type Client = {
  /** Also its flag: `--cursor`. */
  id: string
  title: string
  format: 'json' | 'toml' | 'yaml'
  /** The files it reads, best first; the first that is there counts, else the first. */
  files: { global?(place: Place): readonly string[]; project?: readonly string[] }
  /** What shows that it is used: on this computer, in this folder. */
  marks: { global(place: Place): readonly string[]; project: readonly string[] }
  /** The keys that lead to its servers. */
  container(data: Data): readonly string[]
  /** Null: it takes no server at a URL from its file. */
  remote: ((url: string, entry: Named) => Shape) | null
  headersKey: string
  stdio(command: string, args: readonly string[], entry: Named): Shape
  token: TokenSyntax
  /** References it resolves in an entry of its file. */
  reads: readonly Reference[]
  /** Of a server that it starts, where that is not `reads`. */
  readsInCommands?: readonly Reference[]
  /** It resolves `$NAME`, too. */
  readsBare?: true
  /** What it fills in beside the environment, by name, as far as that can be known here. */
  fills?(place: Place, scope: Scope): Readonly<Record<string, string>>
  /** Other text that it fills in, which nobody else would. */
  fillsAlone?: RegExp
  /** The revisions of MCP it begins with, where that is known. */
  era: 'legacy' | 'modern' | 'unknown'
  /** Of `modern`: its first version that does. */
  modernSince?: string
  /** What the person does next, where it is not the same for both scopes by scope. */
  next: string | Readonly<Record<Scope, string>>
  /** Its own command writes the global file, which it rewrites itself while it runs. */
  globalCommand?: 'claude'
}

/** What the person does after an entry of this name was added. */
export function nextStep({ next }: Client, { name, scope }: Named): string {
  return (typeof next === 'string' ? next : next[scope]).replaceAll('{name}', name)
}

/** The client's file of a scope, or undefined where it has none. Candidates are absolute. */
export function candidates(client: Client, scope: Scope, place: Place): readonly string[] {
  if (scope === 'global') return client.files.global?.(place) ?? []
  return (client.files.project ?? []).map((file) => `${place.cwd}/${file}`)
}
