import type { Json } from '@lelu/engine'
import { LeluMcpError } from '../errors.ts'
import { type Definition, type PinnedDefinition, sortedDefinition } from './definition.ts'
import { changeLock, type Lock, readLock } from './lock.ts'

/** One place of a definition that is another: JSON Pointer, and both values (undefined: it was not there). */
export type DefinitionChange = { path: string; before: Json | undefined; after: Json | undefined }

/** What accepting a tool changes. `removed`: the server does not list it any more. */
export type AcceptedTool = {
  server: string
  tool: string
  kind: 'new' | 'changed' | 'removed'
  changes: DefinitionChange[]
}

export type AcceptOptions = {
  /** The lock file. */
  path: string
  server: string
  /** One tool; left out: all of the server. */
  tool?: string
  /** What the server lists now. */
  listed: readonly PinnedDefinition[]
  /** Answers what would change and writes nothing. Default false. */
  preview?: boolean
}

/** Pins what a server lists now in place of what was pinned, and answers what that changed; nothing changed, nothing is written. */
export async function acceptDefinitions(options: AcceptOptions): Promise<AcceptedTool[]> {
  const { path, server, preview = false } = options
  if (preview) return accepting(options, (await readLock(path)) ?? new Map()).accepted
  let accepted: AcceptedTool[] = []
  await changeLock(path, (lock) => {
    const found = accepting(options, lock)
    accepted = found.accepted
    return accepted.length === 0 ? undefined : new Map([...lock, [server, found.pins]])
  })
  return accepted
}

/** The pins of the server once they are accepted, and what is different about them. */
function accepting(
  { server, tool, listed }: AcceptOptions,
  lock: Lock,
): { pins: Map<string, PinnedDefinition>; accepted: AcceptedTool[] } {
  const pins = new Map(lock.get(server))
  const now = new Map(listed.map((one) => [one.definition.name, one]))
  const names = tool === undefined ? new Set([...pins.keys(), ...now.keys()]) : new Set([tool])
  if (tool !== undefined && !pins.has(tool) && !now.has(tool)) {
    throw new LeluMcpError('LELU_MCP_TOOL_UNKNOWN', `The server ${server} has no tool ${tool}.`, {
      help: `\`lelu-mcp accept ${server}\` shows what it has.`,
      details: { server, tool },
    })
  }
  const accepted = [...names].sort().flatMap((name): AcceptedTool[] => {
    const [before, after] = [pins.get(name), now.get(name)]
    if (before?.sha256 === after?.sha256) return []
    if (after === undefined) pins.delete(name)
    else pins.set(name, after)
    const kind = before === undefined ? 'new' : after === undefined ? 'removed' : 'changed'
    const changes = definitionChanges(before?.definition, after?.definition)
    return [{ server, tool: name, kind, changes }]
  })
  return { pins, accepted }
}

/** Where two definitions differ, in a stable order. */
export function definitionChanges(
  before: Definition | undefined,
  after: Definition | undefined,
): DefinitionChange[] {
  const sorted = (one: Definition | undefined) => one && (sortedDefinition(one) as unknown as Json)
  return changesAt('', sorted(before), sorted(after))
}

const isBranch = (value: Json | undefined): value is Json[] | { [key: string]: Json } =>
  typeof value === 'object' && value !== null

function changesAt(
  path: string,
  before: Json | undefined,
  after: Json | undefined,
): DefinitionChange[] {
  if (isBranch(before) && isBranch(after) && Array.isArray(before) === Array.isArray(after)) {
    const [old, fresh] = [new Map(Object.entries(before)), new Map(Object.entries(after))]
    const keys = [...new Set([...old.keys(), ...fresh.keys()])].sort()
    return keys.flatMap((key) => {
      const pointer = `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
      return changesAt(pointer, old.get(key), fresh.get(key))
    })
  }
  if (before === after) return []
  return [{ path, before, after }]
}
