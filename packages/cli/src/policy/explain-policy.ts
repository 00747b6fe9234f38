import { join } from 'node:path'
import type { PolicyAnswer } from '@lelu/engine'
import type { ExplainResult, Json } from '@lelu/rego'
import type { CommandContext } from '../command-context.ts'
import { type Paint, painter, safeJson, safeText, writeJson } from '../print.ts'
import { readInput } from '../read-text.ts'
import { loadFolder } from './load-folder.ts'

type ExplainOptions = { input: string; package: string; obligation: string[]; trace?: true }

/** `policy explain`: what the engine would decide now, and the rules behind it by OPA's own interpreter. */
export async function explainPolicy(
  { io, globals }: CommandContext,
  path: string,
  options: ExplainOptions,
): Promise<void> {
  const text = await readInput(io, options.input)
  const { loadPolicy, parseRequest, regoInput } = await import('@lelu/engine')
  // The engine's own input and reading of the answer, so that nothing here can differ from a decision.
  const input = regoInput(parseRequest(text), Date.now())
  const { source, root } = await loadFolder(path)
  const { package: name } = options
  const policy = await loadPolicy({
    policies: source,
    package: name,
    obligations: options.obligation,
    cache: false,
  })
  const answer = policy.evaluate(input)
  const { explain } = await import('@lelu/rego')
  const explained = await explain({
    ...source,
    input: input as unknown as Json,
    query: `data.${name}`,
  })
  const { result = null, fired, trace, truncated } = explained
  const { effect, reasons, obligations, requirements } = answer
  if (globals().json) {
    const steps = options.trace ? { trace, truncated } : {}
    writeJson(io, {
      effect,
      reasons,
      obligations,
      requirements,
      folder: root,
      fired,
      result,
      input,
      ...steps,
    })
    return
  }
  const lines = [...answerLines(answer, painter(io)), ...firedLines(explained, root)]
  if (options.trace) lines.push(...traceLines(explained, root))
  io.write(`${lines.join('\n')}\n`)
}

function answerLines(
  { effect, reasons, obligations, requirements }: PolicyAnswer,
  paint: Paint,
): string[] {
  const style = effect === 'allow' ? 'green' : effect === 'deny' ? 'red' : 'yellow'
  return [
    paint(style, effect),
    ...reasons.map(({ id, message }) => `  ${safeText(message)} (${safeText(id)})`),
    ...requirements.map((one) => `  needs ${safeJson(one, 0)}`),
    ...obligations.map((one) => `  obligation ${safeJson(one, 0)}`),
  ]
}

function firedLines({ fired }: ExplainResult, root: string): string[] {
  if (fired.length === 0) return ['', 'No rule was true.']
  const rules = fired.map(
    ({ rule, file, line }) => `  ${safeText(join(root, file))}:${line}  ${safeText(rule)}`,
  )
  return ['', 'Rules that were true', ...rules]
}

function traceLines({ trace, truncated }: ExplainResult, root: string): string[] {
  const steps = trace.map(({ op, depth, file, line, text, message }) => {
    const place = file === '' ? 'query' : `${safeText(join(root, file))}:${line}`
    const note = message === undefined || message === '' ? '' : ` ${safeText(message)}`
    return `  ${place}  ${'| '.repeat(depth)}${op} ${safeText(text)}${note}`
  })
  return ['', 'Trace', ...steps, ...(truncated ? ['  … and more: the trace was cut here.'] : [])]
}
