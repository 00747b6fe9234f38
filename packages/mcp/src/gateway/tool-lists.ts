import type { ToolEffect } from '@lelu/engine'
import { type AddedField, addField } from '@lelu/engine/adapter'
import type { GovernedTool } from '../calls/governed-tool.ts'
import type { SeenTool } from '../calls/seen-tool.ts'
import type { LeluMcpError } from '../errors.ts'
import type { GatewayConfig } from './config.ts'
import type { PinnedDefinition } from './definition.ts'
import { endpointOf } from './endpoint.ts'
import { exposeNames } from './names.ts'
import type { Judged, PinState } from './pins.ts'
import { movedError, stoppedError } from './stopped.ts'

/** A tool by its raw and its exposed name, and how it stands to its pin. */
export type ListedTool = GovernedTool & { tool: string; state: PinState }

/** What all servers list, by the names clients see. A server that is away stays in it: its names are not given to others. */
export interface ToolLists {
  set(server: string, listed: readonly PinnedDefinition[], judged: Judged): void
  /** In the order of their names. */
  exposed(): ReadonlyMap<string, ListedTool>
  find(server: string, tool: string): ListedTool | undefined
  /** Why this tool, as somebody saw it, is not called now; undefined when it may be. */
  stopped(server: string, tool: string, seen?: SeenTool): LeluMcpError | undefined
}

export function toolLists(
  { servers, settings, acceptCommand }: GatewayConfig,
  field: AddedField | undefined,
): ToolLists {
  const endpoints = new Map([...servers].map(([name, entry]) => [name, endpointOf(entry)]))
  const lists = new Map<string, Map<string, ListedTool>>()
  let exposed: ReadonlyMap<string, ListedTool> = new Map()

  /** What a tool does is what the configuration says; a server is believed only where it is trusted. */
  function effectOf(server: string, { definition }: PinnedDefinition): ToolEffect {
    const set = settings.effects.get(`${server}/${definition.name}`)
    if (set !== undefined) return set
    const { annotations } = definition
    if (annotations === undefined || !settings.trusted.includes(server)) return 'non_idempotent'
    if (annotations.readOnlyHint === true) return 'read'
    return annotations.idempotentHint === true ? 'idempotent' : 'non_idempotent'
  }

  /**
   * A tool that may have a field of that name is shown without: what the model writes there is the tool's. So is one whose
   * schema takes none: a server that writes such a one must not take the list away.
   */
  function fieldFor({ definition }: PinnedDefinition): AddedField | undefined {
    if (field === undefined) return undefined
    try {
      addField(definition.inputSchema, field, definition.name)
      return field
    } catch {
      return undefined
    }
  }

  const find = (server: string, tool: string) => lists.get(server)?.get(tool)

  return {
    set(server, listed, { states }) {
      const tools = listed.map((pinned): [string, ListedTool] => {
        const { name } = pinned.definition
        const tool: ListedTool = {
          server,
          endpoint: endpoints.get(server) ?? '',
          tool: name,
          pinned,
          state: states.get(name) ?? 'new',
          effect: effectOf(server, pinned),
          trusted: settings.trusted.includes(server),
          field: fieldFor(pinned),
        }
        return [name, tool]
      })
      lists.set(server, new Map(tools))
      const all = [...lists.values()].flatMap((list) => [...list.values()])
      const named = exposeNames(all, settings.prefix)
      exposed = new Map([...named].sort(([a], [b]) => (a < b ? -1 : 1)))
    },
    exposed: () => exposed,
    find,
    stopped(server, tool, seen) {
      const now = find(server, tool)
      const accept = acceptCommand(`${server}/${tool}`)
      // A tool that is gone from the list is not the one that was accepted either.
      if (now === undefined) return stoppedError('changed', { server, tool, accept })
      const isSame = seen === undefined || now.pinned.sha256 === seen.definition
      const stopped = stoppedError(isSame ? now.state : 'changed', { server, tool, accept })
      const isThere = seen === undefined || now.endpoint === seen.endpoint
      return stopped ?? (isThere ? undefined : movedError(server, tool))
    },
  }
}
