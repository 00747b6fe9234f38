// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the clients' own syntax
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chownSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { readConfig } from '../../src/clients/files/read-config.ts'
import { writeConfig } from '../../src/clients/files/write-config.ts'
import { withLock } from '../../src/files/with-lock.ts'
import { computer } from './support.ts'

const add = (...more: string[]) => ['add', '--no-verify', '--cursor', ...more]
const file = '.cursor/mcp.json'

test('a file that somebody changes between reading and writing is left as they wrote it', async () => {
  const pc = computer()
  const path = pc.write(file, '{"a": 1}\n')
  const read = await readConfig(path)
  writeFileSync(path, '{"a": 2}\n')
  await expect(writeConfig(read, '{"a": 1, "b": 1}\n')).rejects.toMatchObject({
    code: 'LELU_MCP_CONFIG_CHANGED',
  })
  expect(pc.read(file)).toBe('{"a": 2}\n')
  expect(readdirSync(dirname(path)).filter((name) => name.endsWith('.tmp'))).toEqual([])
})

test('a file that comes into being meanwhile is not replaced', async () => {
  const pc = computer()
  const path = pc.path(file)
  const read = await readConfig(path)
  pc.write(file, 'theirs')
  await expect(writeConfig(read, 'ours')).rejects.toMatchObject({ code: 'LELU_MCP_CONFIG_CHANGED' })
  expect(pc.read(file)).toBe('theirs')
})

test('of many adders at once none writes half a file, and none undoes another', async () => {
  const pc = computer()
  pc.write(file, '{\n  "mcpServers": {}\n}\n')
  const names = Array.from({ length: 8 }, (_, index) => `lelu${index}`)
  const answers = await Promise.all(names.map((name) => pc.run(...add('--name', name))))
  const written = names.filter((_, index) => answers[index]?.code === 0)
  const refused = answers.filter(({ code }) => code === 1)
  for (const { stdout } of refused) expect(stdout).toContain('LELU_MCP_CONFIG_CHANGED')
  expect(written.length).toBeGreaterThan(0)
  expect(Object.keys(JSON.parse(pc.read(file)).mcpServers).sort()).toEqual(written.sort())
})

test('of two that write at once, the second looks only when the first is done', async () => {
  const target = computer().path('file')
  const steps: string[] = []
  const first = withLock(target, async () => {
    steps.push('first begins')
    await sleep(100)
    steps.push('first ends')
  })
  // Begun together, it would be chance which of the two is the first.
  while (steps.length === 0) await sleep(1)
  const second = withLock(target, async () => void steps.push('second'))
  await Promise.all([first, second])
  expect(steps).toEqual(['first begins', 'first ends', 'second'])
})

test('killed at any moment, the file is what it was or what it becomes', async () => {
  const pc = computer()
  const whole = `{\n  "pad": "${'x'.repeat(2_000_000)}"\n}\n`
  const path = pc.write(file, whole)
  const worker = fileURLToPath(new URL('./kill-worker.ts', import.meta.url))
  for (let round = 0; round < 6; round += 1) {
    const child = spawn(process.execPath, ['--conditions=lelu:source', worker, path], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    // It rewrites the file again and again; each round dies somewhere in between.
    for (let line = 0; line <= round; line += 1) await once(child.stdout, 'data')
    child.kill('SIGKILL')
    await once(child, 'close')
    const found = pc.read(file)
    expect(found.length).toBeGreaterThanOrEqual(whole.length)
    expect(JSON.parse(found).pad).toHaveLength(2_000_000)
    const backup = readFileSync(`${path}.lelu-backup`, 'utf8')
    expect(backup).toBe(whole)
  }
})

test('the first backup stays', async () => {
  const pc = computer()
  pc.write(file, '{"first": true}\n')
  await pc.run(...add())
  await pc.run(...add('--name', 'other'))
  expect(pc.read(`${file}.lelu-backup`)).toBe('{"first": true}\n')
  expect(readdirSync(pc.path('.cursor')).sort()).toEqual(['mcp.json', 'mcp.json.lelu-backup'])
})

// Only root can give a file to somebody else.
test.runIf(process.getuid?.() === 0)('the owner of the file stays (as root)', async () => {
  const pc = computer()
  const path = pc.write(file, '{}\n')
  chownSync(path, 12_345, 12_346)
  await pc.run(...add())
  expect(statSync(path)).toMatchObject({ uid: 12_345, gid: 12_346 })
  expect(statSync(`${path}.lelu-backup`)).toMatchObject({ uid: 12_345, gid: 12_346 })
})

const odd: [name: string, make: (path: string) => void, says: RegExp][] = [
  ['a folder', (path) => mkdirSync(path), /LELU_(FILE_FAILED|MCP_CONFIG_UNSUPPORTED)/],
  ['UTF-16', (path) => writeFileSync(path, Buffer.from('\ufeff{}', 'utf16le')), /is not UTF-8/],
  [
    'a second name (hard link)',
    (path) => {
      writeFileSync(`${path}.other`, '{}\n')
      linkSync(`${path}.other`, path)
    },
    /has a second name/,
  ],
  [
    'a key that is there twice',
    (path) => writeFileSync(path, '{"mcpServers": {}, "mcpServers": {}}'),
    /a key that was there before at line 1, column 20/,
  ],
  ['a list', (path) => writeFileSync(path, '[]'), /an object is expected/],
  [
    'servers without the key around them',
    (path) => writeFileSync(path, '{"github": {"command": "npx"}}'),
    /its servers are not under mcpServers/,
  ],
  [
    'an entry that is a text',
    (path) => writeFileSync(path, '{"mcpServers": {"lelu": "http://x"}}'),
    /the server lelu is a string, not an object/,
  ],
]

for (const [name, make, says] of odd) {
  test(`${name} is left alone`, async () => {
    const pc = computer()
    mkdirSync(dirname(pc.path(file)))
    make(pc.path(file))
    const { code, stdout } = await pc.run(...add())
    expect(stdout).toMatch(says)
    expect(code).toBe(1)
    expect(readdirSync(dirname(pc.path(file))).filter((one) => one.includes('lelu'))).toEqual([])
  })
}

test('names that are words of the language are ordinary names in a file', async () => {
  const pc = computer()
  const text =
    '{\n  "mcpServers": {\n    "__proto__": {"lelu": {"url": "http://x/"}},\n    "constructor": {"url": "http://x/"}\n  }\n}\n'
  pc.write(file, text)
  expect((await pc.run('list', '--json')).stdout).toContain('"entry":null')
  expect((await pc.run(...add('--name', 'toString'))).code).toBe(0)
  expect(pc.read(file)).toContain('"__proto__": {"lelu": {"url": "http://x/"}},')
  await pc.run('remove', '--cursor', '--project', '--name', 'toString')
  expect(pc.read(file)).toBe(text)
  expect((await pc.run('remove', '--cursor', '--project', '--name', 'valueOf')).stdout).toContain(
    'no valueOf',
  )
  expect((await pc.run(...add('--name', '__proto__'))).code).toBe(2)
})

test('another server of that name is replaced only when asked, and its token is not sent to ours', async () => {
  const pc = computer()
  const theirs =
    '{\n  "mcpServers": {\n    "lelu": {\n      "url": "https://lelu.example/mcp",\n      "headers": {"Authorization": "Bearer s3cret-of-theirs"},\n      "mine": 1\n    }\n  }\n}\n'
  pc.write(file, theirs)
  const refused = await pc.run(...add())
  expect(refused.stdout).toContain('LELU_MCP_ENTRY_TAKEN')
  expect(refused.code).toBe(1)
  expect(pc.read(file)).toBe(theirs)
  const replaced = await pc.run(...add('--yes'))
  expect(replaced.stdout).toContain('were for another server, and were taken out')
  expect(JSON.parse(pc.read(file)).mcpServers.lelu).toEqual({
    url: 'http://localhost:3003/mcp',
    mine: 1,
  })
})

test('headers stay as long as the server is the same one, and a token replaces its own header', async () => {
  const pc = computer()
  pc.write(
    file,
    '{"mcpServers": {"lelu": {"url": "http://localhost:3003/sse", "headers": {"authorization": "Bearer old", "X-Team": "a"}}}}',
  )
  await pc.run(...add('--token-env', 'LELU_TOKEN'))
  expect(JSON.parse(pc.read(file)).mcpServers.lelu).toEqual({
    url: 'http://localhost:3003/mcp',
    headers: { 'X-Team': 'a', Authorization: 'Bearer ${env:LELU_TOKEN}' },
  })
  await pc.run(...add()) // without a token, the one that is there stays
  expect(pc.read(file)).toContain('${env:LELU_TOKEN}')
})

test('from a command to a URL and back, nothing of the other kind is left', async () => {
  const pc = computer()
  await pc.run(...add('--stdio'))
  await pc.run(...add())
  expect(JSON.parse(pc.read(file)).mcpServers.lelu).toEqual({ url: 'http://localhost:3003/mcp' })
  await pc.run(...add('--stdio', '-C', 'data', '--config', 'gateway.json'))
  expect(JSON.parse(pc.read(file)).mcpServers.lelu).toEqual({
    command: 'npx',
    args: [
      ...['-y', '@lelu/mcp', 'serve', '--stdio'],
      ...['--directory', join(pc.project, 'data'), '--config', join(pc.project, 'gateway.json')],
    ],
  })
})

test('an entry that is turned off stays so, and it is said', async () => {
  const pc = computer()
  pc.write(file, '{"mcpServers": {"lelu": {"url": "http://localhost:3003/sse", "disabled": true}}}')
  expect((await pc.run(...add())).stdout).toContain('it is turned off in the file')
  expect(JSON.parse(pc.read(file)).mcpServers.lelu.disabled).toBe(true)
})
