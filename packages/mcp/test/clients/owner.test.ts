import { chmodSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { readConfig } from '../../src/clients/files/read-config.ts'
import { writeConfig } from '../../src/clients/files/write-config.ts'
import { computer } from './support.ts'

/** A file that this user may not give away: `more` says whose it was when it was read. */
async function foreign(more: { uid?: number; gid?: number }) {
  const pc = computer()
  const path = pc.write('.cursor/mcp.json', '{}')
  chmodSync(path, 0o664)
  const handle = await open(path)
  const methods = Object.getPrototypeOf(handle) as { chown(): Promise<void> }
  await handle.close()
  const why = { code: 'EPERM', syscall: 'fchown' }
  const refused = Object.assign(new Error('operation not permitted'), why)
  const chown = vi.spyOn(methods, 'chown').mockRejectedValue(refused)
  onTestFinished(() => chown.mockRestore())
  return { pc, path, file: { ...(await readConfig(path)), ...more } }
}

test('a file of a group that this user is not in is written, and its new group may do no more than others', async () => {
  const { pc, path, file } = await foreign({ gid: 4_000_000 })
  await writeConfig(file, '{"a": 1}')
  expect(pc.read('.cursor/mcp.json')).toBe('{"a": 1}')
  expect(statSync(path).mode & 0o777).toBe(0o644)
})

test('a file of another user is left alone, and it is said whose it is', async () => {
  const { pc, file } = await foreign({ uid: 4_000_000 })
  await expect(writeConfig(file, '{"a": 1}')).rejects.toMatchObject({
    code: 'LELU_MCP_CONFIG_READONLY',
    message: expect.stringContaining('belongs to another user'),
  })
  expect(pc.read('.cursor/mcp.json')).toBe('{}')
})
