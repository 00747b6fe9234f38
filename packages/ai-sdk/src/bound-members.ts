import type { AnyTool } from './tool-input.ts'

/** What the SDK calls on a tool, beside what a guard puts in the place of the tool's own. */
const methods = [
  'description',
  'needsApproval',
  'onInputStart',
  'onInputDelta',
  'onInputAvailable',
] as const

function boundMethods(tool: AnyTool): PropertyDescriptorMap {
  const bound = methods.flatMap((name): [string, PropertyDescriptor][] => {
    const method: unknown = tool[name]
    if (typeof method !== 'function') return []
    return [[name, { value: method.bind(tool), enumerable: true, configurable: true }]]
  })
  return Object.fromEntries(bound)
}

/** The accessors that a tool has of its class: those of its own are copied with it. */
function boundAccessors(tool: AnyTool): PropertyDescriptorMap {
  const bound: PropertyDescriptorMap = {}
  let from: object | null = Object.getPrototypeOf(tool)
  while (from !== null && from !== Object.prototype) {
    for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(from))) {
      if (get === undefined || Object.hasOwn(bound, name)) continue
      bound[name] = { get: () => Reflect.get(tool, name), configurable: true }
    }
    from = Object.getPrototypeOf(from)
  }
  return bound
}

/** What else is read or called of a tool, of the tool itself: one of a class may have fields that no copy has. */
export function boundMembers(tool: AnyTool): PropertyDescriptorMap {
  return { ...boundAccessors(tool), ...boundMethods(tool) }
}
