import { anything, assert, asyncProperty } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CallEvidence, type DecisionOptions, fromDecision, maxScore } from '../src/index.ts'
import { evidence, readIt } from './support.ts'

function read(answer: unknown, options?: DecisionOptions) {
  return readIt(
    fromDecision(() => answer, options),
    evidence({}, { model: 'big' }),
  )
}

const usage = { input_tokens: 9, output_tokens: 1, total_tokens: 10 }
// openai 7.57 `Decision`, ai 7.0.173 `DecisionResult`, @langchain/core 1.4 `ClassifierResponse`
const openai = (...answers: unknown[]) => ({ answers, model: 'gpt-6-luna', usage })
const predicate = { type: 'predicate', name: 'meant', probability: 0.8 }
const aiSdk = (answers: object) => ({
  ...{ answers, usage: {}, warnings: [], rounding: { probabilityDecimals: 2 } },
  response: { timestamp: new Date(0), modelId: 'gpt-6-luna' },
})
const boolean = { type: 'boolean', probability: 0.8 }
const langchain = (answers: object) => ({ answers, model: 'gpt-6-luna', usage_metadata: usage })
const noul = { type: 'noul', noul: 0.8 }
const several = 'more than one answer, and the question is not named'
const choice = { type: 'choice', name: 'c', choice: true, confidence: 0.99, probabilities: [] }

describe('what a decision model answers', () => {
  it.each<[string, unknown, DecisionOptions?]>([
    ['a number', 0.8],
    ['of OpenAI', openai(predicate)],
    ['of OpenAI, without a name', openai({ ...predicate, name: null })],
    ['of OpenAI, one of several', openai(choice, predicate), { question: 'meant' }],
    ['of OpenAI, the answer alone', predicate],
    ['of AI SDK', aiSdk({ meant: boolean })],
    ['of AI SDK, one of several', aiSdk({ other: choice, meant: boolean }), { question: 'meant' }],
    ['of AI SDK, the answers alone', { meant: boolean }],
    ['of AI SDK, the answer alone', boolean],
    ['of LangChain', langchain({ meant: noul })],
    ['of LangChain, the nouls alone', { meant: noul }],
    ['of LangChain, the answer alone', noul],
  ])('is the probability that the call is meant: %s', async (_, answer, options) => {
    expect(await read(answer, options)).toMatchObject({
      ...{ method: 'p_true', trust: 'adapter', value: 0.8, model: 'big' },
      score: expect.closeTo(Math.log(4), 12),
    })
  })

  it('is recorded with the model that gave it', async () => {
    for (const answer of [openai(predicate), aiSdk({ a: boolean }), langchain({ a: noul })]) {
      expect((await read(answer))?.evidence).toEqual({ decided_by: 'gpt-6-luna' })
    }
    expect(await read(0.8)).not.toHaveProperty('evidence')
    const odd = { ...openai(predicate), model: 'a\nb' }
    expect(await read(odd)).not.toHaveProperty('evidence')
  })

  it.each<[string, unknown, string, DecisionOptions?]>([
    ['a refusal', openai({ type: 'refusal', name: null }), 'the decision model refused'],
    ['a choice, however sure', openai(choice), 'not the probability of a yes'],
    ['a score', aiSdk({ a: { type: 'score', score: 1 } }), 'not the probability of a yes'],
    ['a place', langchain({ a: { type: 'box', confidence: 1 } }), 'not the probability of a yes'],
    ['no number', openai({ type: 'predicate' }), 'not the probability of a yes'],
    ['a text', openai({ ...predicate, probability: '0.8' }), 'not the probability of a yes'],
    ['above 1', openai({ ...predicate, probability: 80 }), 'not a probability from 0 to 1'],
    ['NaN', Number.NaN, 'not a probability from 0 to 1'],
    ['several answers', openai(predicate, predicate), several],
    ['several of one name', openai(predicate, predicate), several, { question: 'meant' }],
    ['no answer', openai(), 'the question was not answered'],
    ['none to the question', openai(predicate), 'the question was not answered', { question: 'x' }],
    ['inherited', { answers: {} }, 'the question was not answered', { question: 'constructor' }],
    ['nothing', undefined, 'not an answer of a decision model'],
    ['true', true, 'not an answer of a decision model'],
    ['an error in words', { answers: 'none' }, 'not an answer of a decision model'],
    ['an untyped object', { answers: { a: { probability: 1 } } }, 'not the probability of a yes'],
  ])('is nothing, with the reason, for %s', async (_, answer, reason, options) => {
    const signal = await read(answer, options)
    expect(signal).toMatchObject({ method: 'p_true', trust: 'adapter', value: null, score: null })
    expect(signal?.evidence).toMatchObject({ reason })
  })

  it('is nothing when it is late, failed or the run has ended', async () => {
    const of = async (decide: (given: CallEvidence) => unknown, signal?: AbortSignal) =>
      readIt(
        fromDecision(decide, { timeoutMs: 20 }),
        evidence({}, signal === undefined ? {} : { signal }),
      )
    const signals: (AbortSignal | undefined)[] = []
    const never = ({ signal }: CallEvidence) => {
      signals.push(signal)
      return new Promise(() => {})
    }
    expect(await of(never)).toMatchObject({ value: null, evidence: { reason: 'timeout' } })
    expect(signals[0]?.aborted).toBe(true)
    const broken = () => {
      throw new Error('the key sk-123 is wrong')
    }
    expect(await of(broken)).toMatchObject({ value: null, evidence: { reason: 'failed' } })
    const ended = { value: null, evidence: { reason: 'aborted' } }
    expect(await of(never, AbortSignal.abort())).toMatchObject(ended)
    expect(signals).toHaveLength(1)
  })

  it('is asked for with all that is known of the call', async () => {
    let seen: CallEvidence | undefined
    const given = evidence({ amount: 1 }, { raw: 'the answer' })
    const reader = fromDecision((asked) => {
      seen = asked
      return 1
    })
    expect((await readIt(reader, given))?.value).toBe(1)
    expect(seen).toMatchObject(given)
  })

  it('never throws and never leaves [0, 1], whatever it is', async () => {
    const hostile = new Proxy(
      {},
      {
        get: (_, name) => {
          if (name === 'then') return undefined
          throw new Error('no')
        },
      },
    )
    expect(await read(hostile)).toMatchObject({ value: null })
    await assert(
      asyncProperty(anything(), async (answer) => {
        const signal = await read(answer)
        const { value = null, score = null } = signal ?? {}
        if (value === null) expect(score).toBeNull()
        else {
          expect(value >= 0 && value <= 1).toBe(true)
          expect(Math.abs(score ?? Number.NaN)).toBeLessThanOrEqual(maxScore)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('has a deadline', () => {
    for (const timeoutMs of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31]) {
      expect(() => fromDecision(() => 1, { timeoutMs })).toThrow(
        expect.objectContaining({ code: 'LELU_OPTIONS_INVALID' }),
      )
    }
  })
})
