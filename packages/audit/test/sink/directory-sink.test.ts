import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { diskFiles } from '../../src/folder/file-layer.ts'
import { directorySink } from '../../src/index.ts'
import { temporaryFolder } from '../support.ts'

const type = 'application/gzip'
const bytes = Buffer.from('one')

describe('the folder sink', () => {
  it('is read-only on the disk, and leaves nothing half-written behind', async () => {
    const directory = temporaryFolder()
    await directorySink({ directory }).put('v1/lelu/keys/0a1b2c3d', bytes, type)
    expect(statSync(join(directory, 'v1/lelu/keys/0a1b2c3d')).mode & 0o777).toBe(0o444)
    expect(readdirSync(join(directory, '.partial'))).toEqual([])
  })

  it('answers after the bytes, the name and each new folder are on the disk', async () => {
    const directory = temporaryFolder()
    const folders = vi.spyOn(diskFiles, 'syncFolder')
    const probe = await open(directory)
    const bytesSynced = vi.spyOn(Object.getPrototypeOf(probe), 'sync')
    onTestFinished(async () => {
      vi.restoreAllMocks()
      await probe.close()
    })
    await directorySink({ directory }).put('v1/lelu/a', bytes, type)
    const synced = folders.mock.calls.map(([path]) => path)
    for (const made of ['', 'v1', 'v1/lelu']) expect(synced).toContain(join(directory, made))
    // Each folder's own sync is one of these too.
    expect(bytesSynced.mock.calls.length).toBe(synced.length + 1)
    expect(synced.at(-1)).toBe(join(directory, 'v1/lelu'))
  })

  it('makes the name durable also of what a writer put that died before it was', async () => {
    const directory = temporaryFolder()
    const sink = directorySink({ directory })
    await sink.put('v1/a', bytes, type)
    const folders = vi.spyOn(diskFiles, 'syncFolder')
    onTestFinished(() => void vi.restoreAllMocks())
    expect(await sink.put('v1/a', bytes, type)).toBe('same')
    expect(folders.mock.calls).toContainEqual([join(directory, 'v1')])
  })

  it('never overwrites, whatever stands there', async () => {
    const directory = temporaryFolder()
    const sink = directorySink({ directory })
    mkdirSync(join(directory, 'v1'))
    writeFileSync(join(directory, 'v1/x'), 'theirs')
    expect(await sink.put('v1/x', bytes, type)).toBe('different')
    expect(readFileSync(join(directory, 'v1/x'), 'utf8')).toBe('theirs')
  })

  it.each(['../x', 'v1/../../x', '/etc/x', '.partial/x', 'v1//x', 'v1/.x', ''])(
    'does not put the key %j outside of itself',
    async (key) => {
      const sink = directorySink({ directory: temporaryFolder() })
      await expect(sink.put(key, bytes, type)).rejects.toThrow('No key of an archive')
      await expect(sink.get(key)).rejects.toThrow('No key of an archive')
    },
  )

  it('lists by whole keys, as a bucket does: `a-b` stands before what is in the folder `a`', async () => {
    const sink = directorySink({ directory: temporaryFolder() })
    for (const key of ['v1/a/1', 'v1/a-b/1', 'v1/B']) await sink.put(key, bytes, type)
    const keys = []
    for await (const one of sink.list('v1/')) keys.push(one.key)
    expect(keys).toEqual(['v1/B', 'v1/a-b/1', 'v1/a/1'])
  })

  it('does not list what lies outside of the archive and is linked into it', async () => {
    const directory = temporaryFolder()
    const sink = directorySink({ directory })
    await sink.put('v1/a', bytes, type)
    symlinkSync('..', join(directory, 'v1/up'))
    const keys = []
    for await (const one of sink.list('')) keys.push(one.key)
    expect(keys).toEqual(['v1/a'])
  })

  it('does not list what a writer left half-written when it died', async () => {
    const directory = temporaryFolder()
    const sink = directorySink({ directory })
    await sink.put('v1/a', bytes, type)
    writeFileSync(join(directory, '.partial/half'), 'o')
    const keys = []
    for await (const one of sink.list('')) keys.push(one.key)
    expect(keys).toEqual(['v1/a'])
  })

  it('says that it is not immutable, and leaves no trace of the trial', async () => {
    const directory = temporaryFolder()
    const check = await directorySink({ directory, now: () => 0 }).check()
    expect(check).toMatchObject({
      immutable: false,
      mode: null,
      checked: '1970-01-01T00:00:00.000Z',
    })
    expect(check.findings).toContainEqual({
      check: 'never overwrites',
      ok: true,
      detail: 'stored, same, different',
    })
    expect(readdirSync(join(directory, 'v1/_canary'))).toEqual([])
  })

  it('is refused where the archive has to be immutable', async () => {
    const sink = directorySink({ directory: temporaryFolder(), immutable: 'required' })
    await expect(sink.check()).rejects.toMatchObject({
      code: 'LELU_AUDIT_SINK_UNSAFE',
      message: expect.stringContaining('deletion is refused'),
    })
  })

  it('reads nothing from a folder that is not there, and makes none', async () => {
    const directory = join(temporaryFolder(), 'none')
    const sink = directorySink({ directory })
    expect(await sink.get('v1/x')).toBeUndefined()
    expect(await sink.retention('v1/x')).toBeUndefined()
    for await (const one of sink.list('v1/')) expect.fail(one.key)
    expect(existsSync(directory)).toBe(false)
  })

  it('tells which archive failed when the disk refuses', async () => {
    const directory = join(temporaryFolder(), 'file')
    writeFileSync(directory, '')
    chmodSync(directory, 0o400)
    await expect(directorySink({ directory }).put('v1/x', bytes, type)).rejects.toMatchObject({
      code: 'LELU_AUDIT_SINK_UNAVAILABLE',
      details: { sink: expect.stringContaining('file://') },
    })
  })
})
