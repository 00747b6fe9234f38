import {
  Command,
  interrupt,
  MemorySaver,
  MessagesAnnotation,
  StateGraph,
} from '@langchain/langgraph'
import { expect, test } from 'vitest'
import { resume } from '../src/index.ts'
import { type Body, guardedBy, runOf, toolOf } from './bodies.ts'
import { ask, config, createTools, openLelu, reviewer, waitingId } from './support.ts'

// LangGraph answers the questions of a node in order, and anew in every run of it: a call that waited is one of them.

type Asked = { __interrupt__?: { value: unknown }[] }
type Run = (input: unknown) => Promise<Asked>

const places = ['plain node', 'guardTool', 'middleware'] as const
const question = 'Delete everything?'

/** A node of one's own that calls a tool and then ends. */
function plainNode(body: Body) {
  const graph = new StateGraph(MessagesAnnotation)
    .addNode('work', async (_state, config) => {
      await body(config, {})
      return {}
    })
    .addEdge('__start__', 'work')
    .compile({ checkpointer: new MemorySaver() })
  return (input: unknown) => graph.invoke(input as typeof ask, config)
}

/** A body that calls a guarded tool and then asks its user. */
async function world(place: (typeof places)[number]) {
  const lelu = await openLelu()
  const { tools, ran } = createTools()
  const reviewed = guardedBy(lelu, tools[1])
  const answers: unknown[] = []
  const states: unknown[] = []
  const args = { amount: 1 }
  const call = { id: 'own', name: 'reviewed', args, type: 'tool_call' }
  const body: Body = async (given) => {
    states.push((await reviewed.invoke(place === 'plain node' ? call : args, given)).status)
    answers.push(interrupt(question))
    return 'done'
  }
  const run =
    place === 'plain node' ? plainNode(body) : runOf(lelu, toolOf('allowed_outer', body), place)
  return { lelu, run: run as Run, ran, answers, states }
}

const wakings = ['resume()', 'true for all', 'too early'] as const
const verdicts = ['approve', 'deny'] as const
const cases = places.flatMap((place) =>
  verdicts.flatMap((verdict) => wakings.map((how) => [place, verdict, how] as const)),
)

test.each(cases)(
  'the question behind a call that waited is answered by its user alone (%s, %s, %s)',
  async (place, verdict, how) => {
    const { lelu, run, ran, answers, states } = await world(place)
    let result = await run(ask)
    if (how === 'too early') result = await run(new Command({ resume: 'early' }))
    await lelu.approvals.review(waitingId(result), { verdict, reviewer })
    const command =
      how === 'resume()' ? await resume({ result, lelu }) : new Command({ resume: true })
    result = await run(command)
    expect(answers).toEqual([])
    expect(result.__interrupt__?.map(({ value }) => value)).toEqual([question])
    await run(new Command({ resume: 'NO!' }))
    expect(answers).toEqual(['NO!'])
    expect(ran).toHaveLength(verdict === 'approve' ? 1 : 0)
    if (verdict === 'deny') expect(states).toContain('error')
  },
)
