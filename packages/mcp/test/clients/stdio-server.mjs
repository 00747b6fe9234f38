// A server that a client starts: node stdio-server.mjs
import { McpServer } from '@modelcontextprotocol/server'
import { serveStdio } from '@modelcontextprotocol/server/stdio'

serveStdio(() => {
  const server = new McpServer({
    name: `${process.env.NAME} ${process.pid}`,
    version: process.env.SECRET_OF_THE_SHELL ?? 'nothing seen',
  })
  server.registerTool('one', { description: 'one' }, async () => ({ content: [] }))
  return server
})
