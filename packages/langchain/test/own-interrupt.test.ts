import { Command, interrupt } from '@langchain/langgraph'
import { expect, test } from 'vitest'
import { resume } from '../src/index.ts'
import { runOf, toolOf, type Where } from './bodies.ts'
import { approve, ask, openLelu } from './support.ts'

type Lelu = Awaited<ReturnType<typeof openLelu>>

const places = ['middleware', 'guardTool'] as const

/** A tool that asks a question of its own, and what it was answered. */
function askingTool(lelu: Lelu, name: string, where: Where) {
  const answers: unknown[] = []
  const asking = toolOf(name, () => `${answers.push(interrupt('Delete everything?'))}`)
  return { run: runOf(lelu, asking, where), answers }
}

const wakings = ['resume()', 'true for all', 'twice'] as const

test.each(places.flatMap((where) => wakings.map((how) => [where, how] as const)))(
  'what woke an approved call does not answer the question of its tool (%s, %s)',
  async (where, how) => {
    const lelu = await openLelu()
    const { answers, run } = askingTool(lelu, 'reviewed', where)
    let result = await run(ask)
    if (how === 'twice') result = await run(new Command({ resume: { early: true } }))
    await approve(lelu, result)
    const command =
      how === 'resume()' ? await resume({ result, lelu }) : new Command({ resume: true })
    const asked = (await run(command)) as { __interrupt__?: { value: unknown }[] }
    expect(answers).toEqual([])
    expect(asked.__interrupt__?.map(({ value }) => value)).toEqual(['Delete everything?'])
  },
)

test.each(places)(
  'the question of an allowed tool is answered with what its user said (%s)',
  async (where) => {
    const { answers, run } = askingTool(await openLelu(), 'allowed', where)
    await run(ask)
    await run(new Command({ resume: 'No!' }))
    expect(answers).toEqual(['No!'])
  },
)
