import { localPrincipal, type SurfaceChange, serveStdio } from '../../src/index.ts'

const listeners = new Set<(change: SurfaceChange) => void>()

const server = serveStdio(
  {
    tools: () => [
      {
        name: 'greet',
        title: 'Greet',
        description: 'Greets.',
        inputSchema: { type: 'object', properties: { name: { type: 'string' } } },
        async call({ name }) {
          console.log('inside')
          return {
            kind: 'result',
            result: { content: [{ type: 'text', text: `Hello, ${name}!` }] },
          }
        },
      },
      {
        name: 'change',
        description: 'Tells that the tools changed.',
        inputSchema: { type: 'object' },
        async call() {
          for (const listener of listeners) listener({ kind: 'tools' })
          return { kind: 'result', result: { content: [] } }
        },
      },
    ],
    // Something that would keep a process alive, if it were not let go of.
    onChange(listener) {
      listeners.add(listener)
      const timer = setInterval(() => {}, 1000)
      return () => clearInterval(timer)
    },
  },
  localPrincipal(),
  { info: { name: 'child', version: '1.0.0' } },
)
await server.closed
