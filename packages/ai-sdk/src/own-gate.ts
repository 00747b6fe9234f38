import { asSchema } from 'ai'
import type { AnyTool } from './guarded-call.ts'

type Question = Parameters<Extract<AnyTool['needsApproval'], (...given: never[]) => unknown>>[1]

/** The context of a tool as its `needsApproval` gets it. Throws when it does not pass the schema that the tool has for it. */
export async function contextFor(
  { contextSchema, needsApproval }: AnyTool,
  context: unknown,
): Promise<unknown> {
  if (contextSchema === undefined || typeof needsApproval !== 'function') return context
  const parsed = await asSchema(contextSchema).validate?.(context)
  if (parsed?.success === false) throw parsed.error
  return parsed === undefined ? context : parsed.value
}

/**
 * Whether the tool itself wants to be asked about before this call (`needsApproval`). The SDK leaves that to the
 * setting `toolApproval` where there is one, so it must be asked for here, or it would be lifted.
 */
export async function asksItself(
  { needsApproval = false }: AnyTool,
  input: unknown,
  question: Question,
): Promise<boolean> {
  return typeof needsApproval === 'function' ? needsApproval(input, question) : needsApproval
}
