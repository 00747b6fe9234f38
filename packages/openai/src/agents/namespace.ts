import { LeluError } from '@lelu/engine/adapter'

/** `toolNamespace()` of the SDK makes a copy of a tool, with its namespace under a symbol that it keeps to itself. */
export function namespaceOfTool(tool: unknown): string | undefined {
  if (typeof tool !== 'object' || tool === null) return undefined
  const symbol = Object.getOwnPropertySymbols(tool).find(
    ({ description }) => description === 'functionToolNamespace',
  )
  const namespace: unknown = symbol && Reflect.get(tool, symbol)
  return typeof namespace === 'string' && namespace !== '' ? namespace : undefined
}

type NamedCall = { name: string; namespace?: string | undefined }

/** The namespace of the tool that is called. One that is named as the tool itself is how a deferred tool is called. */
export function namespaceOfCall({ name, namespace }: NamedCall): string | undefined {
  return namespace === '' || namespace === name ? undefined : namespace
}

/** The name under which the SDK keeps the approvals of a tool in a run. */
export function qualifiedName(tool: string, namespace: string | undefined): string {
  return namespace === undefined ? tool : `${namespace}.${tool}`
}

/** Against a call that reaches the tool of another namespace, which has the same name and may do something else. */
export function assertNamespace(call: NamedCall, namespace: string | undefined): void {
  // A tool that was wrapped by hand may not say its own; the call is then decided in the namespace that it names.
  if (namespace === undefined || namespaceOfCall(call) === namespace) return
  throw new LeluError(
    'LELU_CALL_INVALID',
    `The call is of another namespace than the tool ${qualifiedName(call.name, namespace)}. The tool was not run.`,
    { help: 'Let a Runner of the Agents SDK call the tool.' },
  )
}
