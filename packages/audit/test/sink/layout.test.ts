import { describe, expect, it } from 'vitest'
import { newUlid } from '../../src/record/ulid.ts'
import {
  checkpointKey,
  logKeyKey,
  parseArchiveKey,
  segmentKey,
  streamKey,
} from '../../src/sink/layout.ts'

const stream = `node7-${newUlid(Date.now())}`

describe.each(['lelu', 'example.com/lelu', `a/s/${stream}/seg`, 'a/keys', 'v1/streams'])(
  'the archive of the log %s',
  (log) => {
    it.each([
      [streamKey(log, stream), { kind: 'stream', log, stream }],
      [segmentKey(log, stream, 4096), { kind: 'segment', log, stream, firstSeq: 4096 }],
      [checkpointKey(log, stream, 4097), { kind: 'checkpoint', log, stream, size: 4097 }],
      [logKeyKey(log, '0a1b2c3d'), { kind: 'key', log, keyId: '0a1b2c3d' }],
    ])('reads %s as what was built', (key, meaning) => {
      expect(parseArchiveKey(key)).toEqual(meaning)
    })
  },
)

describe('the keys of an archive', () => {
  it('sort as their numbers do', () => {
    const keys = [9, 10, 4096, 10_000_000].map((seq) => segmentKey('lelu', stream, seq))
    expect([...keys].sort()).toEqual(keys)
  })

  it.each(['a/../b', '..', 'a//b', '/a', 'a/', 'a/./b', '_canary', ''])(
    'are not made for a log named %j, which would lie elsewhere than it says',
    (log) => {
      expect(() => segmentKey(log, stream, 0)).toThrow(
        expect.objectContaining({ code: 'LELU_AUDIT_OPTIONS_INVALID' }),
      )
      expect(parseArchiveKey(`v1/${log}/keys/0a1b2c3d`)).toBeUndefined()
    },
  )

  it('are not made for what is no stream, key or position', () => {
    expect(() => segmentKey('lelu', '../x', 0)).toThrow(RangeError)
    expect(() => segmentKey('lelu', stream, 2 ** 53)).toThrow(RangeError)
    expect(() => checkpointKey('lelu', stream, -1)).toThrow(RangeError)
    expect(() => logKeyKey('lelu', '../../x')).toThrow(RangeError)
  })

  it.each([
    `v1/lelu/s/${stream}/seg/0000000000000000.jsonl`,
    `v1/lelu/s/${stream}/seg/0000000000000000.jsonl.gz.bak`,
    `v1/lelu/s/${stream}/cp/9999999999999999`,
    `v2/lelu/s/${stream}/cp/0000000000000001`,
    `v1/lelu/s/other/cp/0000000000000001`,
    'v1/lelu/keys/0A1B2C3D',
    `v1/_canary/${newUlid(Date.now())}`,
  ])('do not include %s', (key) => {
    expect(parseArchiveKey(key)).toBeUndefined()
  })
})
