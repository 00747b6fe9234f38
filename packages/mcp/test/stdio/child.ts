import { localPrincipal, serveStdio } from '../../src/index.ts'

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
    ],
    // Something that would keep a process alive, if it were not let go of.
    onChange() {
      const timer = setInterval(() => {}, 1000)
      return () => clearInterval(timer)
    },
  },
  localPrincipal(),
  { info: { name: 'child', version: '1.0.0' } },
)
await server.closed
