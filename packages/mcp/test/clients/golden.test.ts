import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { type Client, candidates, type Scope } from '../../src/clients/client.ts'
import { clients } from '../../src/clients/table.ts'
import { type Computer, computer } from './support.ts'

const golden = fileURLToPath(new URL('./golden/', import.meta.url))
const before = (client: Client, name: string) =>
  readFileSync(join(golden, client.id, `${name}.before`), 'utf8')
const after = (client: Client, name: string) => join(golden, client.id, `${name}.after`)

/** The scope whose file is written by us: Claude Code keeps the one of its user itself. */
function scopeOf(client: Client): Scope {
  return client.files.global === undefined || client.globalCommand !== undefined
    ? 'project'
    : 'global'
}

function fileOn(pc: Computer, client: Client): string {
  const [file = ''] = candidates(client, scopeOf(client), pc.place)
  mkdirSync(dirname(file), { recursive: true })
  return file
}

function flags(client: Client, ...more: string[]): string[] {
  const kind = client.remote === null ? ['--stdio'] : []
  return [`--${client.id}`, `--${scopeOf(client)}`, ...kind, ...more]
}

const add = (client: Client, ...more: string[]) => ['add', '--no-verify', ...flags(client, ...more)]

describe.each(clients.map((client) => [client.id, client] as const))('%s', (_, client) => {
  test('an entry is written where there is no file yet', async () => {
    const pc = computer()
    const file = fileOn(pc, client)
    expect(await pc.run(...add(client))).toMatchObject({ code: 0, stderr: '' })
    await expect(readFileSync(file, 'utf8')).toMatchFileSnapshot(after(client, 'empty'))
    expect(statSync(file).mode & 0o777).toBe(scopeOf(client) === 'project' ? 0o644 : 0o600)
  })

  test('a token is named in the words of the client, or refused', async () => {
    const pc = computer()
    const file = fileOn(pc, client)
    const { code, stdout } = await pc.run(
      ...['add', '--no-verify', `--${client.id}`, `--${scopeOf(client)}`],
      ...['--token-env', 'LELU_TOKEN'],
    )
    if (client.token.kind === 'none') {
      expect(stdout).toMatch(/LELU_MCP_(TOKEN|CLIENT)_UNSUPPORTED/)
      expect(code).toBe(1)
      expect(() => statSync(file)).toThrow()
    } else {
      await expect(readFileSync(file, 'utf8')).toMatchFileSnapshot(after(client, 'token'))
    }
  })

  for (const name of ['others', 'older']) {
    const what = name === 'others' ? 'other servers and comments' : 'an older entry of ours'
    test(`with ${what}, only our entry changes`, async () => {
      const pc = computer()
      const file = fileOn(pc, client)
      writeFileSync(file, before(client, name))
      expect(await pc.run(...add(client))).toMatchObject({ code: 0, stderr: '' })
      const written = readFileSync(file, 'utf8')
      await expect(written).toMatchFileSnapshot(after(client, name))
      expect(readFileSync(`${file}.lelu-backup`, 'utf8')).toBe(before(client, name))
      // Once more: nothing to do, nothing written.
      const { ino, mtimeMs } = statSync(file)
      const again = await pc.run(...add(client))
      expect(again.stdout).toContain('already there')
      expect(statSync(file)).toMatchObject({ ino, mtimeMs })
    })
  }

  test('what was added can be removed again, to the byte', async () => {
    const pc = computer()
    const file = fileOn(pc, client)
    writeFileSync(file, before(client, 'others'))
    await pc.run(...add(client))
    const { code } = await pc.run('remove', `--${client.id}`, `--${scopeOf(client)}`)
    expect(readFileSync(file, 'utf8')).toBe(before(client, 'others'))
    expect(code).toBe(0)
  })

  test('line ends, a byte order mark, a link and the mode stay', async () => {
    const pc = computer()
    const file = fileOn(pc, client)
    const real = pc.write('~/dotfiles/settings', '')
    const crlf = (text: string) => `\ufeff${text.replaceAll('\n', '\r\n')}`
    writeFileSync(real, crlf(before(client, 'others')))
    chmodSync(real, 0o640)
    symlinkSync(real, file)
    expect(await pc.run(...add(client))).toMatchObject({ code: 0 })
    expect(readFileSync(file, 'utf8')).toBe(crlf(readFileSync(after(client, 'others'), 'utf8')))
    expect(lstatSync(file).isSymbolicLink()).toBe(true)
    expect(statSync(real).mode & 0o777).toBe(0o640)
    expect(statSync(`${real}.lelu-backup`).mode & 0o777).toBe(0o640)
  })

  test('a file that does not parse is left alone, and the place is named', async () => {
    const pc = computer()
    const file = fileOn(pc, client)
    const broken = {
      json: '{\n  "a": 1,\n  oops\n}\n',
      toml: 'a = 1\nb = [\n',
      yaml: 'a: 1\n b: [\n',
    }
    writeFileSync(file, broken[client.format])
    for (const argv of [add(client), ['remove', `--${client.id}`, `--${scopeOf(client)}`]]) {
      const { code, stdout } = await pc.run(...argv)
      expect(stdout).toMatch(/LELU_MCP_CONFIG_INVALID: .* at line \d+, column \d+\./)
      expect(code).toBe(1)
    }
    expect(readFileSync(file, 'utf8')).toBe(broken[client.format])
    expect(() => statSync(`${file}.lelu-backup`)).toThrow()
  })

  test('a read-only file, or one in a read-only folder, is left alone', async () => {
    const pc = computer()
    const file = fileOn(pc, client)
    writeFileSync(file, before(client, 'others'))
    chmodSync(file, 0o444)
    const refused = await pc.run(...add(client))
    expect(refused.stdout).toContain('LELU_MCP_CONFIG_READONLY')
    expect(refused.code).toBe(1)
    chmodSync(file, 0o644)
    chmodSync(dirname(file), 0o555)
    const inFolder = await pc.run(...add(client))
    chmodSync(dirname(file), 0o755)
    expect(inFolder.stdout).toContain('LELU_MCP_CONFIG_READONLY')
    expect(readFileSync(file, 'utf8')).toBe(before(client, 'others'))
    expect(() => statSync(`${file}.lelu-backup`)).toThrow()
  })

  test('something else where its servers should be is an error', async () => {
    const pc = computer()
    const file = fileOn(pc, client)
    const [key = ''] = client.container({})
    const wrong = { json: `{"${key}": []}\n`, toml: `${key} = []\n`, yaml: `${key}: []\n` }
    writeFileSync(file, wrong[client.format])
    const { code, stdout } = await pc.run(...add(client))
    expect(stdout).toContain('LELU_MCP_CONFIG_MISSHAPEN')
    expect(stdout).toContain('is a list, not an object')
    expect(code).toBe(1)
    expect(readFileSync(file, 'utf8')).toBe(wrong[client.format])
  })
})
