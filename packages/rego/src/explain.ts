import { optionInvalid } from './errors.ts'
import { checkJson, checkPolicyOptions, checkTimeout } from './options.ts'
import { compileTimeoutMs, requestCompiler } from './request.ts'
import type { ExplainOptions, ExplainResult, Json } from './types.ts'

type Answer = Omit<ExplainResult, 'result'> & { defined: boolean; value: Json }

/** Evaluates one path with OPA's interpreter and tells how it came to its value. Throws RegoError. */
export async function explain(options: ExplainOptions): Promise<ExplainResult> {
  const { text } = checkPolicyOptions(options)
  const input = checkJson(options.input, 'input')
  const timeoutMs = checkTimeout(options.timeoutMs)
  if (typeof options.query !== 'string') {
    throw optionInvalid('query must be a string', 'Pass one path, like "data.lelu.authz".')
  }
  const query = JSON.stringify(options.query)
  const request = `{"op":"explain",${text},"query":${query},"timeoutMs":${timeoutMs},"input":${input.text}}`
  const { defined, value, ...rest } = await requestCompiler<Answer>(
    request,
    timeoutMs + compileTimeoutMs,
  )
  return { result: defined ? value : undefined, ...rest, warnings: rest.warnings ?? [] }
}
