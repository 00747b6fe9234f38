import { tool } from 'langchain'
import { z } from 'zod'
import { guardTool, leluMiddleware, type MiddlewareOptions } from '../src/index.ts'
import { agentOf, answering, type ask, calling, config, subject, toolGraph } from './support.ts'

type Lelu = MiddlewareOptions['lelu']

/** A guarded tool, as the body of another one calls it: with the config that it got itself. */
export type Inner = {
  invoke(input: unknown, config: unknown): Promise<{ text: string; status?: string }>
}

export type Body = (config: object, input: { amount?: number | undefined }) => unknown

/** A tool with this body. */
export const toolOf = (name: string, body: Body) =>
  tool(async (input, config) => body(config as object, input) as string, {
    name,
    schema: z.object({ amount: z.number().optional() }),
  })

export const guardedBy = (lelu: Lelu, one: unknown): Inner =>
  guardTool(one, { lelu, subject }) as Inner

/** What decides on the one tool of a graph; where it is plain, nothing does. */
export type Where = 'middleware' | 'guardTool' | 'plain agent' | 'plain ToolNode'

/** Runs a graph whose model calls this one tool, under the id `outer`. */
export function runOf(lelu: Lelu, outer: { name: string }, where: Where) {
  const answer = calling({ id: 'outer', name: outer.name })
  const tools = where === 'guardTool' ? [guardedBy(lelu, outer)] : [outer]
  const middleware = where === 'middleware' ? [leluMiddleware({ lelu, subject })] : []
  const inNode = where === 'guardTool' || where === 'plain ToolNode'
  const graph = inNode
    ? toolGraph(answer, tools)
    : agentOf({ model: answering(answer), tools, middleware })
  return (input: unknown, more: object = {}) =>
    graph.invoke(input as typeof ask, { ...config, ...more })
}
