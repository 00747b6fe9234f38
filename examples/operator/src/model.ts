import OpenAI from 'openai'

export type Model = {
  kind: 'scripted' | 'OpenAI'
  client: OpenAI
  name: string
  /** A cheaper one, asked for second opinions. */
  second: string
  close(): Promise<void>
}

/** OpenAI when there is a key (the SDK reads `OPENAI_BASE_URL` as well), else a scripted model on this computer. */
export async function openModel(): Promise<Model> {
  const { OPENAI_API_KEY: key, OPENAI_MODEL: name, OPENAI_SECOND_MODEL: second } = process.env
  if (key) {
    return {
      kind: 'OpenAI',
      client: new OpenAI(),
      name: name || 'gpt-5-mini',
      second: second || 'gpt-5-nano',
      close: async () => {},
    }
  }
  const [{ answerTo }, { startWire }] = await Promise.all([
    import('./scripted-model.ts'),
    import('./wire.ts'),
  ])
  const { url, close } = await startWire(answerTo)
  const client = new OpenAI({ apiKey: 'none', baseURL: url, maxRetries: 0 })
  return { kind: 'scripted', client, name: 'scripted', second: 'scripted-second', close }
}
