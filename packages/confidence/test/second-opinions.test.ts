import { getEventListeners } from 'node:events'
import { describe, expect, it, vi } from 'vitest'
import {
  type AnsweredCall,
  type CallEvidence,
  type SecondOpinionOptions,
  secondOpinions,
} from '../src/index.ts'
import { evidence, readIt } from './support.ts'

const input = { symbol: 'ACME', amount: 100 }
const same: AnsweredCall = { tool: 'trade', input: { amount: 100, symbol: 'ACME' } }
const other: AnsweredCall = { tool: 'trade', input: { amount: 900, symbol: 'ACME' } }

type Model = (signal: AbortSignal) => AnsweredCall[] | Promise<AnsweredCall[]>

/** The evidence of a call whose question is put to models that are functions; and who was asked. */
function asking(more: Partial<CallEvidence> = {}): { given: CallEvidence; asked: unknown[] } {
  const asked: unknown[] = []
  const ask = async (model: unknown, signal: AbortSignal) => {
    asked.push(model)
    return (model as Model)(signal)
  }
  return { given: evidence(input, { ask, model: 'big', ...more }), asked }
}

const yes: Model = () => [same]
const no: Model = () => [other]
const never: Model = () => new Promise(() => {})
const broken: Model = () => {
  throw new Error('the key sk-123 is wrong')
}

describe('second opinions', () => {
  it('are the share of the models that would make the same call', async () => {
    const { given, asked } = asking()
    const signal = await readIt(secondOpinions({ models: [yes, no, yes, yes] }), given)
    expect(signal).toMatchObject({
      ...{ method: 'agreement', trust: 'adapter', value: 0.75, samples: 4, model: 'big' },
      evidence: { agree: 3, of: 4 },
    })
    expect(asked).toEqual([yes, no, yes, yes])
  })

  it('compare by the rules of the fields', async () => {
    const models = [no]
    const read = (fields: SecondOpinionOptions['fields'] & object) =>
      readIt(secondOpinions({ models, fields }), asking().given)
    expect((await read({}))?.value).toBe(0)
    expect((await read({ amount: 'ignore' }))?.value).toBe(1)
    expect((await read({ amount: { tolerance: 8 } }))?.value).toBe(1)
  })

  it('are asked for as often as is wanted, the models in turn', async () => {
    const { given, asked } = asking()
    const signal = await readIt(secondOpinions({ models: [yes, no], k: 3 }), given)
    expect(asked).toEqual([yes, no, yes])
    expect(signal).toMatchObject({ samples: 3, evidence: { agree: 2, of: 3 } })
    const few = asking()
    await readIt(secondOpinions({ models: [yes, no], k: 1 }), few.given)
    expect(few.asked).toEqual([yes])
  })

  it('are asked for at the same time', async () => {
    let arrived = 0
    const { promise, resolve } = Promise.withResolvers<void>()
    const meet: Model = async () => {
      arrived += 1
      if (arrived === 3) resolve()
      await promise // one after the other would wait here for ever
      return [same]
    }
    const signal = await readIt(secondOpinions({ models: [meet, meet, meet] }), asking().given)
    expect(signal?.value).toBe(1)
  })

  it('are asked for once for all calls of an answer, which have one question', async () => {
    const { given, asked } = asking()
    const reader = secondOpinions({ models: [yes, no] })
    const wire = { ...given.call, id: 'call_1', tool: 'wire_money' }
    const values = await Promise.all([
      readIt(reader, given),
      readIt(reader, { ...given, call: wire, before: [given.call] }),
      readIt(reader, { ...given, call: { ...given.call, id: 'call_2' }, before: [given.call] }),
    ])
    expect(values.map((signal) => signal?.value)).toEqual([0.5, 0, 0])
    expect(asked).toEqual([yes, no])
    await readIt(reader, asking().given)
    await readIt(reader, asking().given)
    expect(asked).toHaveLength(2)
  })

  it('disagree when they are late, failed or no calls; and the reason of a failure stays out', async () => {
    const text = (() => 'agrees') as unknown as Model
    const models = [yes, never, broken, text, () => []]
    const signal = await readIt(secondOpinions({ models, timeoutMs: 20 }), asking().given)
    expect(signal).toMatchObject({
      value: 0.2,
      evidence: { opinions: ['agrees', 'timeout', 'failed', 'failed', 'no_call'] },
    })
    expect(JSON.stringify(signal)).not.toContain('sk-123')
  })

  it('tell a late model to stop', async () => {
    let signal: AbortSignal | undefined
    const late: Model = (given) => {
      signal = given
      return never(given)
    }
    await readIt(secondOpinions({ models: [late], timeoutMs: 1 }), asking().given)
    expect(signal?.aborted).toBe(true)
  })

  it('leave nothing behind: no timer, no listener of the run', async () => {
    vi.useFakeTimers()
    try {
      const { signal } = new AbortController()
      const { given } = asking({ signal })
      const reader = secondOpinions({ models: [yes, broken, no] })
      expect((await readIt(reader, given))?.samples).toBe(3)
      expect(vi.getTimerCount()).toBe(0)
      expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    } finally {
      vi.useRealTimers()
    }
  })

  it('are missing where the question cannot be put, or the tool is not one of them', async () => {
    const { ask: _, ...untold } = asking().given
    expect(await readIt(secondOpinions({ models: [yes] }), untold)).toBeUndefined()
    const { given, asked } = asking()
    const reader = secondOpinions({ models: [yes], tools: ['wire_money'] })
    expect(await readIt(reader, given)).toBeUndefined()
    expect(asked).toEqual([])
    const own = secondOpinions({ models: [yes], tools: ['trade'] })
    expect((await readIt(own, given))?.value).toBe(1)
  })

  it('end with the run: nothing has agreed or disagreed then', async () => {
    const controller = new AbortController()
    const { given, asked } = asking({ signal: controller.signal })
    const heard: AbortSignal[] = []
    const waiting: Model = (signal) => {
      heard.push(signal)
      if (heard.length === 2) controller.abort()
      return never(signal)
    }
    const nothing = {
      method: 'agreement',
      value: null,
      evidence: { reason: 'the run was aborted' },
    }
    const reader = secondOpinions({ models: [waiting, waiting] })
    expect(await readIt(reader, given)).toMatchObject(nothing)
    expect(heard.map(({ aborted }) => aborted)).toEqual([true, true])
    expect(await readIt(reader, given)).toMatchObject(nothing)
    expect(asked).toHaveLength(2)
  })

  it.each<[string, unknown]>([
    ['no models', { models: [] }],
    ['a model that is not in a list', { models: yes }],
    ['no opinion', { models: [yes], k: 0 }],
    ['half an opinion', { models: [yes], k: 1.5 }],
    ['a rule that nobody knows', { models: [yes], fields: { a: 'exactly' } }],
    ['a tolerance below 0', { models: [yes], fields: { a: { tolerance: -1 } } }],
    ['a tolerance without end', { models: [yes], fields: { a: { tolerance: Infinity } } }],
    ['an amount that is none', { models: [yes], fields: { a: { tolerance: 0, absolute: NaN } } }],
    ['no time', { models: [yes], timeoutMs: 0 }],
    ['time without end', { models: [yes], timeoutMs: Infinity }],
  ])('are refused when they are made with %s', (_, options) => {
    const wrong = { code: 'LELU_OPTIONS_INVALID', help: expect.any(String) }
    expect(() => secondOpinions(options as SecondOpinionOptions)).toThrow(
      expect.objectContaining(wrong),
    )
  })
})
