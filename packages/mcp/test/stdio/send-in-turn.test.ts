import { PassThrough } from 'node:stream'
import type { Transport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio'
import { expect, onTestFinished, test, vi } from 'vitest'
import { openTransport } from '../../src/gateway/transports.ts'
import { sendInTurn } from '../../src/stdio/send-in-turn.ts'

const message = (n: number) => ({
  jsonrpc: '2.0' as const,
  id: n,
  method: 'tools/call',
  params: { text: 'x'.repeat(100_000) },
})

function warnings(): string[] {
  const heard: string[] = []
  const listen = ({ name }: Error) => heard.push(name)
  process.on('warning', listen)
  onTestFinished(() => void process.off('warning', listen))
  return heard
}

/** Reads nothing for a while, and then counts the lines. */
const slowReader = `setTimeout(() => {
  let lines = 0
  process.stdin.on('data', (data) => {
    for (const byte of data) if (byte === 10) lines += 1
    if (lines === 30) console.log(JSON.stringify({ jsonrpc: '2.0', id: 1, result: {} }))
  })
}, 200)`

// A gateway under many calls with large inputs printed a warning of a leak every few seconds.
test('an upstream that reads slowly is sent everything, in order, and nothing warns of listeners', async () => {
  const heard = warnings()
  const command = { command: process.execPath, args: ['-e', slowReader] }
  const transport = openTransport(
    { kind: 'stdio', ...command, env: {}, cwd: '.' },
    'http',
    () => {},
  )
  expect(transport).toBeInstanceOf(StdioClientTransport)
  onTestFinished(() => transport.close())
  const answered = new Promise((resolve) => {
    transport.onmessage = resolve
  })
  await transport.start()
  await Promise.all(Array.from({ length: 30 }, (_, n) => transport.send(message(n))))
  await answered
  expect(heard).toEqual([])
})

test('answers to a client that reads slowly come in order, and nothing warns of listeners', async () => {
  const heard = warnings()
  const out = new PassThrough()
  const wire: Transport = sendInTurn(new StdioServerTransport(new PassThrough(), out))
  const sent = Promise.all(Array.from({ length: 30 }, (_, n) => wire.send(message(n))))
  await new Promise((next) => setImmediate(next))
  let text = ''
  out.on('data', (data) => {
    text += data
  })
  await sent
  await vi.waitFor(() => expect(text.endsWith('\n')).toBe(true))
  const ids = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).id)
  expect(ids).toEqual(Array.from({ length: 30 }, (_, n) => n))
  expect(heard).toEqual([])
})

test('a message that cannot be sent holds up none behind it', async () => {
  let tries = 0
  const transport = sendInTurn({
    async send(_text: string) {
      tries += 1
      if (tries === 1) throw new Error('gone')
    },
  })
  const [first, second] = [transport.send('a'), transport.send('b')]
  await expect(first).rejects.toThrow('gone')
  await second
  expect(tries).toBe(2)
})
