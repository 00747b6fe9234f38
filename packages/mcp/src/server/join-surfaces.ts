import type { McpTool, Surface } from '../surface/surface.ts'
import { toolNamed } from '../surface/tool-named.ts'

/**
 * Several surfaces as one, in their order. Of two tools with one name the first is shown and called: who comes first
 * must not be talked over by who comes later (an upstream that names its tool `lelu_approve`).
 */
export function joinSurfaces(...surfaces: readonly Surface[]): Surface {
  const tasks = surfaces.flatMap(({ tasks: keeper }) => (keeper === undefined ? [] : [keeper]))
  const [keeper, ...more] = tasks
  if (more.length > 0) throw new TypeError('Only one surface can keep tasks.')
  const all = async <T>(read: (surface: Surface) => Promise<readonly T[]> | readonly T[]) =>
    (await Promise.all(surfaces.map(read))).flat()
  return {
    async tools(principal) {
      const byName = new Map<string, McpTool>()
      for (const tool of await all((surface) => surface.tools(principal))) {
        if (!byName.has(tool.name)) byName.set(tool.name, tool)
      }
      return [...byName.values()]
    },
    tool: (name, principal) => firstOf(surfaces, (surface) => toolNamed(surface, name, principal)),
    absent: (name, principal) => firstOf(surfaces, (surface) => surface.absent?.(name, principal)),
    resources: (principal) => all((surface) => surface.resources?.(principal) ?? []),
    templates: (principal) => surfaces.flatMap((surface) => surface.templates?.(principal) ?? []),
    read: (uri, principal) => firstOf(surfaces, (surface) => surface.read?.(uri, principal)),
    prompts: (principal) => surfaces.flatMap((surface) => surface.prompts?.(principal) ?? []),
    ...(keeper !== undefined && { tasks: keeper }),
    onChange(listener) {
      const ends = surfaces.map((surface) => surface.onChange?.(listener))
      return () => {
        for (const end of ends) end?.()
      }
    },
  }
}

/** One after the other: a surface that fails must not be passed over for one that answers. */
async function firstOf<T>(
  surfaces: readonly Surface[],
  ask: (surface: Surface) => Promise<T | undefined> | undefined,
): Promise<T | undefined> {
  for (const surface of surfaces) {
    const found = await ask(surface)
    if (found !== undefined) return found
  }
  return undefined
}
