import {
  anything,
  array,
  assert,
  dictionary,
  double,
  jsonValue,
  nat,
  property,
  string,
} from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CallEvidence, type ConfidenceSignal, type Json, tokenLogprobs } from '../src/index.ts'
import { evidence, reasonIn, tokens } from './support.ts'

const input = { symbol: 'ACME', amount: 100 }

function read(given: CallEvidence): ConfidenceSignal | undefined {
  return tokenLogprobs()(given) as ConfidenceSignal | undefined
}

function reasonOf(given: CallEvidence): unknown {
  const signal = read(given)
  expect(signal).toMatchObject({ method: 'token_logprob', value: null, score: null })
  return reasonIn(signal)
}

const hermes =
  '<tool_call>·{"·name·":· "·trade·",· "·arguments·":· {"·symbol·":· "·ACME·",· "·amount·":· ·100·}·}·</tool_call>'

describe('the log-probabilities of a tool call', () => {
  it('are those of its values: the least certain field counts, structure does not', () => {
    const uncertain = { '100': 0.3, ACME: 0.9, '</tool_call>': 0.01, '{"': 0.2 }
    const signal = read(evidence(input, { logprobs: tokens(hermes, uncertain), model: 'qwen' }))
    expect(signal).toMatchObject({
      ...{ method: 'token_logprob', trust: 'adapter', samples: 1, model: 'qwen' },
      evidence: { fields: 2, least_field: 'amount' },
    })
    // A blank that was generated with the value belongs to the tokens of it only if it shares one.
    expect(signal?.value).toBeCloseTo(0.3, 10)
  })

  it('are those of its name, too', () => {
    const signal = read(evidence(input, { logprobs: tokens(hermes, { trade: 0.4 }) }))
    expect(signal?.value).toBeCloseTo(0.4, 10)
    expect(signal?.evidence).not.toHaveProperty('least_field')
    expect(signal?.evidence).toMatchObject({ name_logprob: Math.log(0.4) })
  })

  it.each([
    ['Llama', '<|python_tag|>·{"name": "·trade·", "parameters": ·INPUT·}'],
    ['Mistral', '[TOOL_CALLS]·[{"name": "·trade·", "arguments": ·INPUT·}]'],
    ['Mistral since v11', '[TOOL_CALLS]·trade·[CALL_ID]·a1B2c3D4e·[ARGS]·INPUT'],
    ['gpt-oss', '<|channel|>commentary to=functions.·trade· <|constrain|>json<|message|>·INPUT'],
    ['Kimi', 'functions.·trade·:0·<|tool_call_argument_begin|>·INPUT'],
    ['DeepSeek', 'function<｜tool▁sep｜>·trade·\n```json\n·INPUT·\n```'],
    ['Functionary', '<function=·trade·>·INPUT·</function>'],
    [
      'an answer after a text',
      'I\'ll trade now.\n<tool_call>·{"name":"·trade·","arguments":·INPUT·}',
    ],
  ])('are found in the chat template of %s', (_, template) => {
    const text = template.replace('INPUT', '{"symbol": "·ACME·", "amount": ·100·}')
    const logprobs = tokens(text, { trade: 0.8, ACME: 0.6, '100': 0.7 })
    const signal = read(evidence(input, { logprobs }))
    expect(signal?.value).toBeCloseTo(0.6, 10)
    expect(signal?.evidence).toMatchObject({ name_logprob: Math.log(0.8) })
  })

  it('are the whole answer where the tool was chosen for the model', () => {
    const logprobs = tokens('{"symbol":·"ACME"·,"amount":·100·}\n', { '100': 0.5 })
    expect(read(evidence(input, { logprobs }))?.value).toBeCloseTo(0.5, 10)
    const empty = tokens('{·}', { '{': 0.5 })
    expect(read(evidence({}, { logprobs: empty }))?.value).toBeCloseTo(0.5, 3)
  })

  it('are found however the server writes the arguments anew', () => {
    const generated =
      '{"name":"·trade·","arguments":·{ "symbol" : ·"\\u0041CME\\n\\/"· ,\n"amount":·1e2· }·}'
    const written = { symbol: 'ACME\n/', amount: 100 }
    const signal = read(evidence(written, { logprobs: tokens(generated, { '1e2': 0.4 }) }))
    expect(signal?.value).toBeCloseTo(0.4, 10)
  })

  it('are found without the text of the arguments, from the input', () => {
    const { call, ...rest } = evidence(input, { logprobs: tokens(hermes, { ACME: 0.7 }) })
    const { text: _, ...untold } = call
    expect(read({ call: untold, ...rest })?.value).toBeCloseTo(0.7, 10)
  })

  it('count each token that holds a part of a character', () => {
    const [...bytes] = new TextEncoder().encode('é')
    const logprobs = [
      ...tokens('{"name":"trade","arguments":{"symbol":"'),
      { token: '\\xc3', logprob: Math.log(0.5), bytes: bytes.slice(0, 1) },
      { token: '\\xa9', logprob: Math.log(0.8), bytes: bytes.slice(1) },
      ...tokens('"}}'),
    ]
    expect(read(evidence({ symbol: 'é' }, { logprobs }))?.value).toBeCloseTo(0.4, 9)

    const [first = 0, second = 0, ...rest] = new TextEncoder().encode('überweisen')
    const named = [
      ...tokens('{"name":"'),
      { token: '\\xc3', logprob: Math.log(0.5), bytes: [first] },
      { token: '\\xbcberweisen', logprob: Math.log(0.8), bytes: [second, ...rest] },
      ...tokens('","arguments":{"amount":1}}'),
    ]
    const call = { id: 'a', tool: 'überweisen', input: { amount: 1 } }
    expect(read({ call, logprobs: named, raw: { content: '' } })?.value).toBeCloseTo(0.4, 9)
  })

  it('tell two calls of the same input apart by their names', () => {
    const text =
      '[{"name":"·quote·","arguments":{"symbol":"·ACME·"}},{"name":"·trade·","arguments":{"symbol":"·ACME·"}}]'
    const logprobs = tokens(text, { quote: 0.1, trade: 0.6 })
    expect(read(evidence({ symbol: 'ACME' }, { logprobs }))?.value).toBeCloseTo(0.6, 3)
  })

  it.each([
    [
      'Hermes',
      'trade": INPUT}</tool_call>\n<tool_call>{"name": "quote", "arguments": {"symbol": "B"}}</tool_call><|im_end|>',
    ],
    [
      'Hermes, of the same tool',
      'trade": INPUT}</tool_call><tool_call>{"name": "trade", "arguments": {"symbol": "B"}}</tool_call>',
    ],
    [
      'Mistral',
      '[TOOL_CALLS][{"name": "trade", "arguments": INPUT, "id": "a1B2c3D4e"}, {"name": "quote", "arguments": {}}]</s>',
    ],
    [
      'Mistral since v11',
      '[TOOL_CALLS]trade[CALL_ID]a1B2c3D4e[ARGS]INPUT[TOOL_CALLS]trade[CALL_ID]b1B2c3D4e[ARGS]{"a": [1]}',
    ],
    [
      'Kimi',
      'functions.trade:0<|tool_call_argument_begin|>INPUT<|tool_call_end|><|tool_call_begin|>functions.quote:1<|tool_call_argument_begin|>{}<|tool_calls_section_end|>',
    ],
    [
      'DeepSeek',
      'function<｜tool▁sep｜>trade\n```json\nINPUT\n```<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>quote\n```json\n{"a": "b"}\n```<｜tool▁calls▁end｜>',
    ],
    ['Functionary', '<function=trade>INPUT</function><function=trade>{"symbol":"B"}</function>'],
    [
      'gpt-oss',
      'to=functions.trade <|constrain|>json<|message|>INPUT<|call|><|start|>assistant<|channel|>commentary to=functions.quote <|constrain|>json<|message|>{}<|call|>',
    ],
  ])(
    'are found with other calls behind and in front, in the chat template of %s',
    (_, template) => {
      const text = template.replace('INPUT', '{"symbol": "·ACME·", "amount": ·100·}')
      const twice = `${template.replace('INPUT', '{"symbol": "C"}')}${text}`
      for (const generated of [text, twice]) {
        const logprobs = tokens(generated, { ACME: 0.6 })
        expect(read(evidence(input, { logprobs }))?.value).toBeCloseTo(0.6, 10)
      }
    },
  )

  it('leave out the field that the adapter took out of the input', () => {
    const generated =
      '{"name":"·trade·","arguments":{"symbol":"·ACME·","amount":·100·,"confidence":·0.9·}}'
    const given = evidence(input, { logprobs: tokens(generated, { '0.9': 0.1, ACME: 0.7 }) })
    given.call.text = '{"symbol":"ACME","amount":100,"confidence":0.9}'
    expect(read({ ...given, reported: 0.9 })?.value).toBeCloseTo(0.7, 10)
    expect(reasonOf(given)).toBe('the input is not what was generated')
    expect(reasonOf({ ...given, reported: 0.8 })).toBe('the input is not what was generated')
  })

  it('are worth the product of the least certain part, however the answer is cut into tokens', () => {
    const scalar = jsonValue({ maxDepth: 0, stringUnit: 'binary' })
    const number = double({ min: -9, max: -1e-6, noNaN: true })
    assert(
      property(
        dictionary(string({ unit: 'binary', maxLength: 5 }), scalar, { maxKeys: 4 }),
        array(nat({ max: 12 }), { minLength: 1, maxLength: 30 }),
        array(number, { minLength: 1, maxLength: 30 }),
        (object, sizes, numbers) => {
          const { text, parts } = write(object)
          const logprobs = cut(text, sizes).map((token, index) => ({
            token,
            logprob: numbers[index % numbers.length] as number,
          }))
          const sums = parts.map(({ start, end }) => sumOf(logprobs, start, end))
          const given = { id: 'a', tool: 'trade', input: object as { [name: string]: Json } }
          const signal = read({
            ...{ call: { ...given, text: JSON.stringify(object) }, logprobs },
            raw: { content: null },
          })
          expect(signal?.value).toBeCloseTo(Math.exp(Math.min(...sums)), 12)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('are missing where the provider gives none, the normal case', () => {
    expect(read(evidence(input))).toBeUndefined()
    expect(read(evidence(input, { logprobs: null }))).toBeUndefined()
  })

  it('never throw, whatever is given', () => {
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error('no')
        },
      },
    )
    expect(reasonOf(evidence(input, { logprobs: hostile }))).toBe('the data cannot be read')
    assert(
      property(anything(), anything(), (logprobs, text) => {
        const given = evidence(input, { logprobs })
        const signal = read({ ...given, call: { ...given.call, text: text as string } })
        expect(signal?.value ?? null).toBeNull()
      }),
      { numRuns: 300 },
    )
  })
})

/** The call as a model writes it, and where its name and each of its values stand; no value has parts. */
function write(object: object): { text: string; parts: { start: number; end: number }[] } {
  let text = '<tool_call>{"name":"'
  const parts = [{ start: text.length, end: text.length + 'trade'.length }]
  text += 'trade","arguments":{'
  for (const [index, [name, value]] of Object.entries(object).entries()) {
    text += `${index > 0 ? ', ' : ''}${JSON.stringify(name)}: `
    const start = text.length
    text += JSON.stringify(value)
    // Behind a number, the next character says that no digit follows.
    parts.push({ start, end: text.length + (typeof value === 'number' ? 1 : 0) })
  }
  return { text: `${text}}}</tool_call>`, parts }
}

/** Tokens of these sizes, in turn, in characters: none is cut. */
function cut(text: string, sizes: readonly number[]): string[] {
  const tokens: string[] = []
  let rest = [...text]
  for (let index = 0; rest.length > 0; index += 1) {
    const size = (sizes[index % sizes.length] ?? 0) + 1
    tokens.push(rest.slice(0, size).join(''))
    rest = rest.slice(size)
  }
  return tokens
}

function sumOf(tokens: { token: string; logprob: number }[], start: number, end: number): number {
  let at = 0
  let sum = 0
  for (const { token, logprob } of tokens) {
    if (at < end && start < at + token.length) sum += logprob
    at += token.length
  }
  return sum
}
