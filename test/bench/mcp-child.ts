import { serveHttp } from '@lelu/mcp'

/** A small surface in a process of its own, so that what is measured is the server's memory alone. */
const server = await serveHttp(
  {
    tools: () => [
      {
        name: 'echo',
        description: 'Answers what it was sent.',
        inputSchema: { type: 'object', properties: { text: { type: 'string' } } },
        call: async ({ text }) => ({
          kind: 'result',
          result: { content: [{ type: 'text', text: String(text) }] },
        }),
      },
    ],
    onChange: () => () => {},
  },
  { info: { name: 'bench', version: '1.0.0' }, port: 0 },
)

process.send?.({ url: server.url })
process.on('message', () => {
  globalThis.gc?.()
  process.send?.({ rss: process.memoryUsage().rss })
})
process.once('disconnect', () => void server.close())
