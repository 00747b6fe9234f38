import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { openArchive } from '../../src/index.ts'
import { temporaryFolder } from '../support.ts'

describe('the URL of an archive', () => {
  it('names a folder', async () => {
    const url = pathToFileURL(join(temporaryFolder(), 'archive')).href
    const sink = await openArchive(url)
    expect(sink.name).toBe(url)
    expect(await sink.put('v1/a', Buffer.from('a'), 'text/plain')).toBe('stored')
  })

  it('names a bucket, which can be read without a lock and written with one', async () => {
    const reader = await openArchive('s3://bucket/some/where?endpoint=http://127.0.0.1:1')
    expect(reader.name).toBe('s3://bucket/some/where')
    await expect(reader.put('v1/a', Buffer.from('a'), 'text/plain')).rejects.toMatchObject({
      code: 'LELU_AUDIT_OPTIONS_INVALID',
      help: expect.stringContaining('Pass `lock`'),
    })
    const locked = '?mode=COMPLIANCE&days=7&legal-hold=on&immutable=required&owner=123456789012'
    expect((await openArchive(`s3://bucket${locked}`)).name).toBe('s3://bucket')
  })

  it.each([
    ['a text that is no URL', 'bucket/prefix', 'no URL'],
    ['another scheme', 'https://bucket/', 'no URL'],
    ['a password', 's3://id:secret-word@bucket/', 'more than a bucket'],
    ['a word that it does not know', 's3://bucket/?imutable=required', '`imutable`'],
    ['options of a folder', 'file:///tmp/x?mode=COMPLIANCE', '`mode`'],
    ['a mode that does not exist', 's3://bucket/?mode=compliance&days=1', '`lock.mode`'],
    ['days without a mode', 's3://bucket/?days=1', '`lock.mode`'],
    ['a mode without days', 's3://bucket/?mode=COMPLIANCE', '`lock.days`'],
    [
      'a hold that is neither on nor off',
      's3://bucket/?mode=GOVERNANCE&days=1&legal-hold=yes',
      '`legal-hold`',
    ],
    ['an immutable that does not exist', 's3://bucket/?immutable=maybe', '`immutable`'],
  ])('is refused with %s', async (_, url, what) => {
    const refused = openArchive(url)
    await expect(refused).rejects.toMatchObject({ code: 'LELU_AUDIT_OPTIONS_INVALID' })
    const { message } = (await refused.catch((error: Error) => error)) as Error
    expect(message).toContain(what)
    expect(message).not.toContain('secret-word')
  })
})
