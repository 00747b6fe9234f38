import { expect, it } from 'vitest'
import { handshakeText } from '../../src/clients/actions/lines.ts'
import { startLines } from '../../src/server/start-lines.ts'

const started = {
  url: 'http://127.0.0.1:3003/mcp',
  policies: 'policies',
  revision: 'sha256:0',
  directory: '.lelu',
  authentication: 'token',
  agent: 'local',
  servers: [{ server: 'files', tools: 1, away: undefined }],
} as const

it('says how a client is given a token, where the server asks for one', () => {
  const lines = startLines({ ...started, servers: [...started.servers] })
  expect(lines).toContain('npx @lelu/mcp add --cursor --token-env LELU_TOKEN\n')
  expect(lines).toContain('files: 1 tool\n')
  const open = startLines({ ...started, authentication: 'none', servers: [] })
  expect(open).toContain('npx @lelu/mcp add --cursor\n')
})

it('says so as well when `add` was refused for the lack of it', () => {
  const text = handshakeText({ status: 'failed', reason: 'unauthorized' }, (_style, it) => it)
  expect(text).toContain('--token-env LELU_TOKEN')
})
