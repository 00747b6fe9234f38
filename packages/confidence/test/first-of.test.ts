import { describe, expect, it } from 'vitest'
import {
  type CallEvidence,
  type ConfidenceReader,
  external,
  firstOf,
  fromLogprobs,
  inputField,
  type Json,
  secondOpinions,
  selfReport,
  tokenLogprobs,
  unknown,
} from '../src/index.ts'
import { evidence, readIt, tokens } from './support.ts'

const input = { symbol: 'ACME' }
const generated = '{"name":"trade","arguments":{"symbol":"·ACME·","confidence":·0.9·}}'

const nothing: ConfidenceReader = () => undefined
const broken: ConfidenceReader = () => {
  throw new Error('no')
}

describe('the first of several readers', () => {
  it('that finds a value counts, and those behind it are not asked', async () => {
    const asked: string[] = []
    const reader = (name: string, value: unknown): ConfidenceReader => {
      return async () => {
        asked.push(name)
        return external(value)
      }
    }
    const first = firstOf(nothing, reader('a', 2), reader('b', 0.4), reader('c', 0.9))
    expect(await readIt(first, evidence(input))).toMatchObject({ value: 0.4 })
    expect(asked).toEqual(['a', 'b'])
  })

  it('may find 0: that is a value', async () => {
    const first = firstOf(
      () => external(0),
      () => external(1),
    )
    expect(await readIt(first, evidence(input))).toMatchObject({ value: 0 })
  })

  it('is not one that fails, or that says there is none', async () => {
    const rejects: ConfidenceReader = async () => Promise.reject(new Error('no'))
    const none: ConfidenceReader = () => ({ ...unknown(), value: 1, score: 40 })
    const first = firstOf(broken, rejects, none, () => external(0.5))
    expect(await readIt(first, evidence(input))).toMatchObject({ value: 0.5 })
  })

  it('says why there is none when nobody finds one', async () => {
    const first = firstOf(nothing, tokenLogprobs(), inputField('sure'), broken)
    expect(await readIt(first, evidence(input, { logprobs: [] }))).toMatchObject({
      ...{ method: 'token_logprob', value: null },
      evidence: { reason: 'no tokens' },
    })
    expect(await readIt(firstOf(broken), evidence(input))).toMatchObject({
      value: null,
      evidence: { reason: 'a reader failed' },
    })
    expect(await readIt(firstOf(nothing, tokenLogprobs()), evidence(input))).toBeUndefined()
  })

  it('asks for the field of the one reader that adds one', async () => {
    const first = firstOf(tokenLogprobs(), selfReport({ field: 'how_sure' }))
    expect(first.added).toEqual(selfReport({ field: 'how_sure' }).added)
    expect(await readIt(first, evidence(input, { reported: 0.6 }))).toMatchObject({
      ...{ method: 'verbalized', trust: 'claimed', value: 0.6 },
    })
    expect(firstOf(tokenLogprobs(), inputField('sure')).added).toBeUndefined()
    expect(firstOf(nothing, firstOf(selfReport())).added?.name).toBe('confidence')
  })

  const written = { ...input, confidence: 0.9 }
  it.each<[string, Partial<CallEvidence['call']> & { input: Json }]>([
    ['taken out of the input', { input, text: JSON.stringify(written) }],
    ['still in it', { input: written, text: JSON.stringify(written) }],
    ['still in it, and the text is not known', { input: written }],
  ])('keeps the added field away from the others when it is %s', async (_, given) => {
    const call = { id: 'a', tool: 'trade', ...given }
    const logprobs = tokens(generated, { '0.9': 0.01, ACME: 0.8 })
    const found = await readIt(firstOf(tokenLogprobs(), selfReport()), {
      ...{ call, logprobs, reported: 0.9, raw: { content: '' } },
    })
    expect(found?.method).toBe('token_logprob')
    expect(found?.value).toBeCloseTo(0.8, 9)
    const asked = secondOpinions({ models: ['mini'] })
    const agreed = await readIt(firstOf(asked, selfReport()), {
      ...{ call, reported: 0.9 },
      ask: async () => [{ tool: 'trade', input }],
    })
    expect(agreed).toMatchObject({ method: 'agreement', value: 1 })
  })

  it('is refused with two fields to add, without readers, or with something else', () => {
    const wrong = { code: 'LELU_OPTIONS_INVALID', help: expect.any(String) }
    const made = [
      () => firstOf(selfReport(), selfReport({ field: 'how_sure' })),
      () => firstOf(selfReport(), firstOf(selfReport())),
      () => firstOf(),
      () => firstOf('selfReport' as unknown as ConfidenceReader),
    ]
    for (const make of made) expect(make).toThrow(expect.objectContaining(wrong))
  })
})

describe('a reader of your own', () => {
  it('is a function of what is known of the call', async () => {
    // The tokens of the answer as this provider gives them, already those of the call alone.
    const own: ConfidenceReader = ({ raw, call, model }) => {
      if (call.tool !== 'trade') return undefined
      const { logprobs } = raw as { logprobs: number[] }
      return fromLogprobs(logprobs, model === undefined ? {} : { model })
    }
    const given = evidence(input, { raw: { logprobs: [Math.log(0.5), Math.log(0.5)] } })
    expect(await readIt(own, given)).toMatchObject({ method: 'token_logprob', value: 0.25 })
    const judge: ConfidenceReader = async () => external(0.7, { method: 'p_true', model: 'judge' })
    expect(await readIt(firstOf(judge, own), given)).toMatchObject({ value: 0.7, model: 'judge' })
  })
})
