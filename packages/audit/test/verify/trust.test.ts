import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { verifyLog } from '../../src/reading.ts'
import { leafHashOfText } from '../../src/record/line.ts'
import { formatVkey, rawPublicKey } from '../../src/tlog/keys.ts'
import { formatKeyFile, signRotation } from '../../src/tlog/rotation.ts'
import { temporaryFolder } from '../support.ts'
import { copyOf, folderFiles, genuine, log, type Model, type Stream, signing } from './model.ts'
import { checkpointOf, keyFileOf, keyOf, policyOf, vkeyOf } from './signed-log.ts'

const base = genuine()
const trust = policyOf(log, signing.key)
const streamAt = (model: Model, at: number) => model.streams[at] as Stream
const wholeOf = ({ kept, lines }: Stream) => kept.get(lines.length) as string

function folderOf(model: Model): string {
  const directory = temporaryFolder()
  for (const [name, bytes] of folderFiles(model)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true })
    writeFileSync(join(directory, name), bytes)
  }
  return directory
}

/** All streams signed by another key from the second on. */
function rotated(statement: boolean): Model {
  const model = copyOf(base)
  const next = { log, key: keyOf(9) }
  for (const stream of model.streams.slice(1)) {
    const { name, lines } = stream
    stream.checkpoints = new Map([[lines.length, checkpointOf(next, name, lines)]])
  }
  const { id } = keyFileOf(log, next.key)
  const text = statement ? signRotation(log, signing.key, next.key) : undefined
  model.keys.set(id, formatKeyFile([vkeyOf(log, next.key)], text))
  return model
}

describe('whom a report believes', () => {
  it('is said: a policy, or the keys beside the log, which prove no origin', async () => {
    const directory = folderOf(base)
    const own = await verifyLog({ directory })
    expect(own).toMatchObject({ ok: true })
    expect(own.notProven[0]).toMatch(/^who signed/)
    const given = await verifyLog({ directory, trust })
    expect(given.notProven.join()).not.toMatch(/who signed/)
    expect(given.proven.join()).toContain(
      '98 records in 4 streams are those that were signed, by the keys of the trust policy',
    )
    expect(given.streams[0]).toMatchObject({
      ...{ covered: 26, log, checkpoint: { size: 26, time: '2025-10-09T08:53:20.000Z' } },
    })
  })

  it('is nobody when the keys are gone and there is no policy', async () => {
    const model = copyOf(base)
    model.keys.clear()
    expect(await verifyLog({ directory: folderOf(model) })).toMatchObject({ exit: 14 })
  })

  it('follows a rotation that a trusted key has signed, and no other', async () => {
    const directory = folderOf(rotated(true))
    expect(await verifyLog({ directory, trust })).toMatchObject({ ok: true })
    const forged = await verifyLog({ directory: folderOf(rotated(false)), trust })
    expect(forged).toMatchObject({ exit: 14, problems: [{ code: 'bad_signature' }, {}, {}] })
    // The old key is no successor of the new one.
    const later = policyOf(log, keyOf(9))
    expect((await verifyLog({ directory, trust: later })).problems).toMatchObject([
      { exit: 14, stream: streamAt(base, 0).name },
    ])
  })

  it('may be one stream, by the key of its origin, with the rotations of that key', async () => {
    const model = rotated(true)
    model.streams = model.streams.slice(0, 1)
    const { name, lines } = streamAt(model, 0)
    const checkpoint = checkpointOf({ log, key: keyOf(9) }, name, lines)
    streamAt(model, 0).checkpoints = new Map([[lines.length, checkpoint]])
    const vkey = formatVkey(`${log}/${name}`, 0x01, rawPublicKey(signing.key))
    const policy = `log ${vkey}\nquorum none\n`
    expect(await verifyLog({ directory: folderOf(model), trust: policy })).toMatchObject({
      ok: true,
    })
    // The checkpoint of another stream is not that of this one, whoever signed it.
    streamAt(model, 0).checkpoints = new Map([[26, wholeOf(streamAt(base, 1))]])
    expect(await verifyLog({ directory: folderOf(model), trust: policy })).toMatchObject({
      exit: 14,
    })
  })

  it('refuses a policy that is none', async () => {
    await expect(verifyLog({ directory: folderOf(base), trust: 'x' })).rejects.toMatchObject({
      code: 'LELU_AUDIT_TRUST_INVALID',
    })
  })

  it('has to have signed a stream that was closed, and is missed where a process died', async () => {
    const model = copyOf(base)
    const last = streamAt(model, 3)
    last.checkpoints.clear()
    const closed = await verifyLog({ directory: folderOf(model), trust })
    expect(closed).toMatchObject({ exit: 14, problems: [{ code: 'unsigned', stream: last.name }] })
    last.lines.pop()
    const directory = folderOf(model)
    mkdirSync(join(directory, 'owners'))
    const note = { pid: 1, started: null, boot: null, machine: 'other', namespace: null }
    writeFileSync(join(directory, 'owners', `${last.name}.json`), JSON.stringify(note))
    const died = await verifyLog({ directory, trust })
    expect(died).toMatchObject({ ok: true })
    expect(died.warnings.join()).toContain('has no signed checkpoint')
  })
})

describe('what was kept elsewhere', () => {
  it('finds that a stream was rolled back, cut, rewritten or removed', async () => {
    const last = streamAt(base, 3)
    const since = wholeOf(last)
    const check = async (change: (stream: Stream, model: Model) => void) => {
      const model = copyOf(base)
      change(streamAt(model, 3), model)
      return verifyLog({ directory: folderOf(model), trust, since })
    }
    expect(await check(() => {})).toMatchObject({ ok: true })
    const older = await check((one) => {
      one.checkpoints = new Map([[9, one.kept.get(9) as string]])
    })
    expect(older).toMatchObject({ exit: 15, problems: [{ code: 'rollback' }] })
    const cut = await check((one) => {
      one.lines.splice(9)
      one.starts = [0, 5]
      one.checkpoints = new Map([[9, one.kept.get(9) as string]])
    })
    expect(cut).toMatchObject({ exit: 16 })
    const gone = await check((_, model) => void model.streams.pop())
    expect(gone).toMatchObject({ exit: 17 })
  })

  it('is refused when it is no checkpoint, or signed by nobody who is trusted', async () => {
    const directory = folderOf(base)
    await expect(verifyLog({ directory, trust, since: 'x' })).rejects.toMatchObject({
      code: 'LELU_AUDIT_OPTIONS_INVALID',
    })
    const { name, lines } = streamAt(base, 3)
    const since = checkpointOf({ log, key: keyOf(5) }, name, lines)
    expect(await verifyLog({ directory, trust, since })).toMatchObject({ exit: 14 })
  })

  it('finds a fork: two states of one stream, both signed', async () => {
    const { name, lines } = streamAt(base, 3)
    const since = checkpointOf(signing, name, [...lines.slice(0, -1), 'another end'])
    expect(await verifyLog({ directory: folderOf(base), trust, since })).toMatchObject({
      exit: 15,
      problems: [{ code: 'replaced' }],
    })
  })

  it('may be receipts of single records', async () => {
    const directory = folderOf(base)
    const { name, lines } = streamAt(base, 3)
    const receipt = { stream: name, seq: 4, leaf: leafHashOfText(lines[4] as string) }
    expect(await verifyLog({ directory, trust, receipts: [receipt] })).toMatchObject({ ok: true })
    const other = { ...receipt, seq: 5 }
    expect(await verifyLog({ directory, trust, receipts: [other] })).toMatchObject({
      exit: 15,
      problems: [{ stream: name, seq: 5 }],
    })
  })
})

describe('what other streams noted of checkpoints', () => {
  it('finds that one is gone', async () => {
    const directory = folderOf(base)
    rmSync(join(directory, streamAt(base, 0).name, 'checkpoint'))
    expect(await verifyLog({ directory, trust })).toMatchObject({
      exit: 16,
      problems: [{ code: 'truncated', stream: streamAt(base, 0).name }],
    })
  })

  it('covers a stream whose own checkpoint is older than they are', async () => {
    // b noted all of a; without the claims of b and c only a's own checkpoint speaks for a.
    const report = await verifyLog({ directory: folderOf(base), trust })
    expect(report.streams.map(({ covered }) => covered)).toEqual([26, 28, 20, 24])
  })
})
