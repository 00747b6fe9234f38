import { describe, expect, it } from 'vitest'
import { tokenLogprobs } from '../src/index.ts'
import { evidence, readIt, type Token, tokens } from './support.ts'

const generated = '{"name":"·trade·","arguments":{"symbol":"·ACME·"}}'
const input = { symbol: 'ACME' }
const list = tokens(generated, { ACME: 0.7, trade: 0.9 })

const old = ({ token, logprob }: Token) => ({
  content: token,
  probs: [
    { tok_str: 'OTHER', prob: 0.99 },
    { tok_str: token, prob: Math.exp(logprob) },
  ],
})

const sampled = ({ token, bytes, logprob }: Token) => ({ token, bytes, prob: Math.exp(logprob) })

describe('the shapes of log-probabilities', () => {
  it.each<[string, unknown]>([
    [
      'OpenAI and vLLM',
      { content: list.map((one) => ({ ...one, top_logprobs: [] })), refusal: null },
    ],
    ['a bare array', list],
    ['a server without bytes', list.map((one) => ({ ...one, bytes: null }))],
    ['AI SDK, one array for each part', [list.slice(0, 2), list.slice(2)]],
    ['llama.cpp', { completion_probabilities: list.map((one) => ({ id: 1, ...one })) }],
  ])('are read as %s gives them', async (_, logprobs) => {
    const signal = await readIt(tokenLogprobs(), evidence(input, { logprobs }))
    expect(signal?.value).toBeCloseTo(0.7, 10)
  })

  // Behind top-p, what the model gave 0.85 has the probability 1.
  it.each<[string, unknown]>([
    ['llama.cpp', { completion_probabilities: list.map(sampled) }],
    ['llama.cpp, in the shape of OpenAI', { content: list.map(sampled) }],
    ['llama.cpp of 2024', { completion_probabilities: list.map(old) }],
    ['one token', [...list.slice(1), ...list.slice(0, 1).map(sampled)]],
  ])('are refused when they are those after sampling: %s', async (_, logprobs) => {
    const signal = await readIt(tokenLogprobs(), evidence(input, { logprobs }))
    expect(signal).toMatchObject({
      value: null,
      evidence: { reason: 'the probabilities are those after sampling' },
    })
  })

  it.each<[string, unknown]>([
    ['there is no number', {}],
    ['the number is a text', { logprob: '-0.1' }],
    ['the log-probability is null beside a probability', { logprob: null, prob: 1 }],
  ])('are refused when %s', async (_, number) => {
    const logprobs = list.map(({ token, logprob }) =>
      token === 'ACME' ? { token, ...(number as object) } : { token, logprob },
    )
    const signal = await readIt(tokenLogprobs(), evidence(input, { logprobs }))
    expect(signal).toMatchObject({ method: 'token_logprob', value: null })
    expect(signal?.evidence).not.toMatchObject({ reason: 'the tokens do not spell the tool call' })
  })

  it('are refused when the tokens are only numbers of a vocabulary', async () => {
    const logprobs = list.map(({ logprob }, id) => ({ token: `token_id:${id}`, logprob }))
    const signal = await readIt(tokenLogprobs(), evidence(input, { logprobs }))
    expect(signal).toMatchObject({
      value: null,
      evidence: { reason: 'the tokens do not spell the tool call' },
    })
  })
})
