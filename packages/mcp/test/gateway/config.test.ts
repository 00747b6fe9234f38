import { expect, test } from 'vitest'
import { parseGatewayConfig } from '../../src/gateway/config.ts'

const env = { TOKEN: 's3cret', PLAIN: 'value' }
const read = (value: unknown) =>
  parseGatewayConfig(typeof value === 'string' ? value : JSON.stringify(value), {
    path: '/etc/lelu/lelu-mcp.json',
    env,
  })
const files = { files: { command: 'npx', args: ['-y', 'server'] } }
const withLelu = (lelu: unknown) => ({ mcpServers: files, lelu })

test('what clients write is read as it is, with comments and trailing commas', () => {
  const { servers, settings } = read(`{
    // pasted
    "mcpServers": {
      "files": { "command": "npx", "args": ["-y", "server"], "env": { "A": "\${PLAIN}" }, "alwaysAllow": [], },
      "docs": { "type": "http", "url": "https://docs.example/mcp", "headers": { "Authorization": "Bearer \${env:TOKEN}" } },
      "old": { "serverUrl": "http://127.0.0.1:1/sse", "type": "sse" },
      "off": { "command": "x", "disabled": true },
    },
  }`)
  expect([...servers.keys()]).toEqual(['files', 'docs', 'old'])
  expect(servers.get('files')).toMatchObject({
    kind: 'stdio',
    env: { A: 'value' },
    cwd: '/etc/lelu',
  })
  expect(servers.get('docs')).toMatchObject({ headers: { Authorization: 'Bearer s3cret' } })
  expect(servers.get('old')).toMatchObject({ kind: 'http', transport: 'sse' })
  expect(settings).toMatchObject({
    mode: 'enforce',
    hideDenied: true,
    upstreamElicitation: 'deny',
    pin: '/etc/lelu/lelu-mcp.lock',
    policies: undefined,
    trusted: [],
    confidence: undefined,
  })
})

test.each([
  ['an unknown setting', withLelu({ polices: './p' }), /unknown member `polices`/],
  ['a wrong word', withLelu({ mode: 'off' }), /one of enforce, shadow/],
  ['a form without the server', withLelu({ prefix: '{server}{tool}' }), /prefix/],
  ['a stranger that is trusted', withLelu({ trusted: ['fiels'] }), /trusts a server/],
  ['an effect of a stranger', withLelu({ effects: { 'fiels/read': 'read' } }), /no server\/tool/],
  [
    'an effect of one of two servers',
    {
      mcpServers: { ...files, 'files/more': { command: 'x' } },
      lelu: { effects: { 'files/more/read': 'read' } },
    },
    /a tool of files or of files\/more/,
  ],
  ['an effect that is none', withLelu({ effects: { 'files/read': 'reads' } }), /one of read/],
  ['no servers', { mcpServers: {} }, /no server/],
  ['neither command nor url', { mcpServers: { a: {} } }, /needs a `command`/],
  ['a url that is a file', { mcpServers: { a: { url: 'file:///etc/passwd' } } }, /http or https/],
  ['a variable that is not set', { mcpServers: { a: { command: '$' + '{NONE}' } } }, /NONE/],
  [
    'a reference of another kind',
    { mcpServers: { a: { command: '$' + '{input:x}' } } },
    /reference/,
  ],
  ['an inherited variable', { mcpServers: { a: { command: '$' + '{constructor}' } } }, /not set/],
  ['text that is not JSON', '{ "mcpServers": ', /line 1/],
  [
    'a key twice',
    '{"mcpServers":{"a":{"command":"x"}},"lelu":{},"lelu":{"mode":"shadow"}}',
    /twice/,
  ],
  ['__proto__', '{"mcpServers":{"a":{"command":"x","__proto__":{}}}}', /__proto__/],
])('%s is an error that names the place', (_what, value, message) => {
  expect(() => read(value)).toThrow(message)
  expect(() => read(value)).toThrow(expect.objectContaining({ code: 'LELU_MCP_CONFIG_INVALID' }))
})

test('an error never shows a value', () => {
  const broken = {
    mcpServers: { a: { url: 'https://x', headers: { k: '$' + '{TOKEN}$' + '{NO}' } } },
  }
  expect(() => read(broken)).toThrow(expect.not.stringContaining('s3cret'))
})

test('a file as editors of Windows write it is read', () => {
  const text = JSON.stringify(withLelu({}), null, 2).replaceAll('\n', '\r\n')
  expect([...read(`\ufeff${text}`).servers.keys()]).toEqual(['files'])
})

test('a server that is turned off keeps what the settings say of it', () => {
  const lelu = { trusted: ['off'], effects: { 'off/read': 'read' }, prefix: '{tool}' }
  const off = { command: 'x', disabled: true }
  expect([...read({ mcpServers: { ...files, off }, lelu }).servers.keys()]).toEqual(['files'])
})
