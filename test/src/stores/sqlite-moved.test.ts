import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KeyvSqlite } from '@keyv/sqlite-6'
import { createLelu, type Lelu, type Policy, sqliteStore } from '@lelu/engine'
import { Keyv } from 'keyv'
import { describe, expect, it, onTestFinished } from 'vitest'

const open: Policy = {
  revision: 'test',
  evaluate: () => ({ effect: 'allow', reasons: [], obligations: [], requirements: [] }),
}
const request = {
  subject: { id: 'trader-1', type: 'agent' },
  call: { id: 'call-1', tool: 'trade', input: {} },
} as const

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lelu-moved-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** An engine on a Keyv of its own. */
async function engineOn(adapter: unknown): Promise<Lelu> {
  const store = new Keyv({ store: adapter as never })
  store.on('error', () => {})
  const directory = temporaryFolder()
  const lelu = await createLelu({ directory, store, policies: open })
  onTestFinished(async () => {
    await lelu.close()
    await store.disconnect()
  })
  return lelu
}

const effectOf = (lelu: Lelu): Promise<string> =>
  lelu.decide(request).then(
    ({ effect }) => effect,
    ({ code }) => code,
  )
const away = 'LELU_STORE_UNAVAILABLE'
const files = (path: string) => ['', '-wal', '-shm'].map((end) => path + end)

describe.each([
  ['sqliteStore', (path: string) => sqliteStore({ path })],
  ['@keyv/sqlite', (path: string) => new KeyvSqlite({ uri: `sqlite://${path}`, wal: true })],
] as const)('an SQLite file below %s', (_name, adapterOn) => {
  it('that was deleted lets nothing run, for who is stopped is in another one by now', async () => {
    const path = join(temporaryFolder(), 'approvals.db')
    const lelu = await engineOn(adapterOn(path))
    expect(await effectOf(lelu)).toBe('allow')
    for (const file of files(path)) rmSync(file, { force: true })
    expect(await effectOf(lelu)).toBe(away)
    const other = await engineOn(adapterOn(path))
    await other.killSwitch.stop({ all: true })
    expect(await effectOf(lelu)).toBe(away)
    await expect(lelu.killSwitch.start({ all: true })).rejects.toMatchObject({
      code: away,
      message: expect.stringContaining(path),
    })
  })

  it('that was moved away and put back is used again', async () => {
    const folder = temporaryFolder()
    const path = join(folder, 'approvals.db')
    const lelu = await engineOn(adapterOn(path))
    const elsewhere = join(folder, 'elsewhere.db')
    renameSync(path, elsewhere)
    expect(await effectOf(lelu)).toBe(away)
    renameSync(elsewhere, path)
    expect(await effectOf(lelu)).toBe('allow')
  })

  it('is where it was opened, whatever became of the link to it', async () => {
    const folder = temporaryFolder()
    for (const release of ['one', 'two']) mkdirSync(join(folder, release))
    const current = join(folder, 'current')
    symlinkSync(join(folder, 'one'), current)
    const lelu = await engineOn(adapterOn(join(current, 'approvals.db')))
    unlinkSync(current)
    symlinkSync(join(folder, 'two'), current)
    expect(await effectOf(lelu)).toBe('allow')
  })
})
