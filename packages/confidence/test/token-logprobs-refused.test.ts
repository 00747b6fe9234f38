import { describe, expect, it } from 'vitest'
import { type CallEvidence, type Json, signalStatus, tokenLogprobs } from '../src/index.ts'
import { evidence, readIt, reasonIn, tokens } from './support.ts'

const input = { symbol: 'ACME', amount: 100 }
const text = JSON.stringify(input)

/** Why the reader found no value. */
async function reasonOf(given: CallEvidence): Promise<Json | undefined> {
  const signal = await readIt(tokenLogprobs(), given)
  expect(signal).toMatchObject({ method: 'token_logprob', value: null, score: null })
  expect(signalStatus(signal)).toBe('invalid')
  return reasonIn(signal)
}

const notThere = 'the tokens do not spell the tool call'
const call = `{"name": "trade", "arguments": ${text}}`

describe('log-probabilities are no confidence', () => {
  it.each([
    ['a text before the call', 'I will· buy· 100· of· ACME·.'],
    ['a text that names the tool and its values', 'I call trade now: symbol ACME, amount 100'],
    ['a text that quotes the arguments', `I will trade with ${text}`],
    ['a text that writes a call in prose', `trade(${text})`],
    [
      'another call of the same tool',
      '{"name":"trade","arguments":{"symbol":"ACME","amount":900}}',
    ],
    ['the same arguments for another tool', `{"name":"quote","arguments":${text}}`],
    ['a tool whose name ends the same', `{"name":"day_trade","arguments":${text}}`],
    ['a tool whose name starts the same', `{"name":"trade_all","arguments":${text}}`],
    ['a tool of another namespace', `to=admin.trade<|message|>${text}`],
    ['an answer that was cut off', '{"name":"trade","arguments":{"symbol":"ACME","amount":100'],
    ['the arguments as a text in JSON', `{"name":"trade","arguments":${JSON.stringify(text)}}`],
    ['a call with more in it', '{"name":"trade","arguments":{"symbol":"ACME","amount":100,"x":1}}'],
  ])('when they are those of %s', async (_, generated) => {
    expect(await reasonOf(evidence(input, { logprobs: tokens(generated) }))).toBe(notThere)
  })

  it('when a name is cut off where the search for it begins', async () => {
    for (let blanks = 100; blanks < 200; blanks += 1) {
      const logprobs = tokens(`day_trade${' '.repeat(blanks)}${text}`)
      expect(await reasonOf(evidence(input, { logprobs }))).toBe(notThere)
    }
  })

  it('when the name only looks like a pattern of the tool', async () => {
    const given = evidence(input, { logprobs: tokens(`<function=wire_money>${text}`) })
    expect(await reasonOf({ ...given, call: { ...given.call, tool: 'wire.money' } })).toBe(notThere)
    const dotted = evidence(input, { logprobs: tokens(`<function=wire.money+>${text}`) })
    const call = { ...dotted.call, tool: 'wire.money+' }
    expect((await readIt(tokenLogprobs(), { ...dotted, call }))?.value).toBeCloseTo(1, 9)
  })

  it('when the call is there more than once: which one it is, is not known', async () => {
    const logprobs = tokens(`<tool_call>${call}</tool_call>·<tool_call>${call}</tool_call>`)
    const reason = 'the tool call is there more than once'
    expect(await reasonOf(evidence(input, { logprobs }))).toBe(reason)
  })

  // A model may be made to write, as text, the very call it makes. Whose tokens are given then?
  it.each<[string, (content: string) => unknown]>([
    ["LangChain's message", (content) => ({ content })],
    ["LangChain's message in parts", (text) => ({ content: [{ type: 'text', text }] })],
    [
      "LangChain's thoughts",
      (text) => ({ content: '', additional_kwargs: { reasoning_content: text } }),
    ],
    [
      "LangChain's thoughts in parts",
      (reasoning) => ({ content: [{ type: 'reasoning', reasoning }] }),
    ],
    ["vLLM's thoughts", (text) => ({ message: { content: null, reasoning: text } })],
    ["DeepSeek's thoughts", (text) => ({ message: { content: null, reasoning_content: text } })],
    ["OpenAI's completion", (content) => ({ choices: [{ message: { content } }] })],
    ["OpenAI's choice", (content) => ({ message: { content } })],
    ["OpenAI's response", (text) => ({ output: [{ content: [{ type: 'output_text', text }] }] })],
    ["AI SDK's result", (text) => ({ content: [{ type: 'text', text }] })],
    ["AI SDK's text", (text) => ({ text })],
  ])('when the call is written in the text of %s, too', async (_, rawOf) => {
    const logprobs = tokens(call)
    const reason = 'the tool call is also written in the text of the answer'
    const quoted = evidence(input, { logprobs, raw: rawOf(`So I write: ${call}`) })
    expect(await reasonOf(quoted)).toBe(reason)
    const said = evidence(input, { logprobs, raw: rawOf('I will buy 100 of ACME.') })
    expect((await readIt(tokenLogprobs(), said))?.value).toBeCloseTo(1, 9)
  })

  // vLLM's `reasoning` is dropped by LangChain, and servers hide it: only the tokens know of it.
  const tagged = (value: string) =>
    `<tool_call><function=trade><parameter=symbol>${value}</parameter></function></tool_call>`
  it.each([
    ['thoughts and a call in tags', `Perhaps. Or 900?</think>${tagged('ACME')}`],
    ['a call in tags', tagged('ACME')],
    ['the end of the thoughts, and a call in tags', `</think>${tagged('ACME')}`],
    ['the end of the thoughts', '</think>'],
    ['a call in tags without a value', '<tool_call><function=trade></function></tool_call>'],
    ['a call in attributes', '<invoke name="trade"></invoke>'],
    ['a call in tags, and another in JSON', `${tagged('ACME')}{"name":"quote","arguments":{}}`],
    ['a value', ' 900'],
    ['what is no JSON', "{'symbol': 'ACME'}"],
    ['half a call', '<tool_call>{"name":"quote","arguments":{'],
  ])('when what follows the call is %s: it may only have been thought', async (_, after) => {
    const reason = 'the tool call may be a quotation, for other text follows it'
    const logprobs = tokens(`I should do: trade ${text}${after}`)
    expect(await reasonOf(evidence(input, { logprobs }))).toBe(reason)
  })

  // vLLM drops the text behind a call, so nobody is shown the copy.
  const another = 'the tool call may be a quotation, for it is there in another form'
  const asText = `{"name": "trade", "arguments": ${JSON.stringify(text)}}`
  it.each([
    ['tags', tagged('ACME')],
    ['tags behind a call in JSON', `<function=trade>{"amount": 9}</function>${tagged('ACME')}`],
    ['attributes', '<invoke name="trade"><parameter name="symbol">ACME</parameter></invoke>'],
    ['tags behind its name', '<tool_call>trade\n<arg_key>symbol</arg_key></tool_call>'],
    ['the way of Python', '[trade(symbol="ACME", amount=100)]'],
    ['the way of Gemma', 'call:trade{symbol:ACME,amount:100}'],
    ['JSON, its arguments as a text', asText],
    ['JSON, more deeply than is looked', `${'{"":"trade","":'.repeat(65)}{}${'}'.repeat(65)}`],
    ['the literals of Python', "{'name': 'trade', 'arguments': {'symbol': 'ACME'}}"],
  ])('when a call stands in front that is made in %s: this one may be a copy', async (_, front) => {
    const logprobs = tokens(`I will trade ACME.${front}\n${call}`)
    expect(await reasonOf(evidence(input, { logprobs }))).toBe(another)
  })

  it('when a call stands behind it whose arguments are a text', async () => {
    const logprobs = tokens(`${call}<tool_call>${asText}</tool_call>`)
    expect(await reasonOf(evidence(input, { logprobs }))).toBe(another)
  })

  it.each<[string, unknown]>([
    ['not given', undefined],
    ['of a shape that is not known', { type: 'finish', usage: {} }],
    ['a list', []],
    ['no object', 'answer'],
    ['without a choice', { choices: [] }],
  ])('when the answer itself is %s: its text may be what the tokens are of', async (_, raw) => {
    const reason = 'the text of the answer is not known'
    expect(await reasonOf(evidence(input, { logprobs: tokens(call), raw }))).toBe(reason)
  })

  it.each<[string, number, string]>([
    ['the sentinel', -9999, 'a log-probability is the sentinel for "none"'],
    ['minus infinity', Number.NEGATIVE_INFINITY, 'a log-probability is the sentinel for "none"'],
    ['NaN', Number.NaN, 'a log-probability is not a number'],
    ['a positive number', 0.5, 'a log-probability is above 0'],
  ])('when one of them is %s, wherever it is', async (_, logprob, reason) => {
    for (const at of [0, 1, 2]) {
      const logprobs = tokens('{"name":"·trade·","arguments":{"symbol":"ACME","amount":100}}')
      const token = logprobs[at]
      if (token !== undefined) token.logprob = logprob
      expect(await reasonOf(evidence(input, { logprobs }))).toBe(reason)
    }
  })

  it('when all of them are 0, or there are none', async () => {
    const zeros = tokens(call).map((token) => ({ ...token, logprob: 0 }))
    const reason = 'every log-probability is exactly 0'
    expect(await reasonOf(evidence(input, { logprobs: zeros }))).toBe(reason)
    // What a server fills in without asking the model, such as what a grammar forces, says nothing.
    const [said, ...forced] = tokens(`I will trade.·${call}`)
    const filled = [said, ...forced.map((token) => ({ ...token, logprob: 0 }))]
    const raw = { content: 'I will trade.' }
    expect(await reasonOf(evidence(input, { logprobs: filled, raw }))).toBe(reason)
    for (const logprobs of [[], {}, { content: [] }, { content: null, refusal: null }, 'none', 1]) {
      expect(await reasonOf(evidence(input, { logprobs }))).toBe('no tokens')
    }
  })

  it('when the input was changed after the model wrote it', async () => {
    const given = evidence(input, { logprobs: tokens(call) })
    const changed = 'the input is not what was generated'
    for (const other of [
      { symbol: 'ACME', amount: 999_999 },
      { ...input, account: 'other' },
      { symbol: 'ACME' },
      [input],
      null,
    ]) {
      expect(await reasonOf({ ...given, call: { ...given.call, input: other } })).toBe(changed)
    }
  })

  it('when the arguments are no JSON object, or nested deeper than any input may be', async () => {
    const of = (text: string) => {
      const given = evidence(input, { logprobs: tokens(call) })
      return { ...given, call: { ...given.call, text } }
    }
    const unknown = 'the arguments are not known as the JSON of an object'
    for (const text of ['', '{', '[1]', '"a"', 'amount=100']) {
      expect(await reasonOf(of(text))).toBe(unknown)
    }
    const deep = `${'{"a":'.repeat(65)}1${'}'.repeat(65)}`
    expect(await reasonOf(of(deep))).toBe('the arguments are nested too deeply')
  })

  it('and a name of a model that could not go to a log is left out', async () => {
    for (const model of ['', 'a\nb', 'x'.repeat(257), '\ud800']) {
      const given = evidence(input, { logprobs: tokens(call), model })
      expect(await readIt(tokenLogprobs(), given)).not.toHaveProperty('model')
    }
  })
})
