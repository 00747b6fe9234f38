import { gzipSync } from 'node:zlib'
import { leafHashOfText } from '../../src/record/line.ts'
import { forge, log, type Model, rechain, type Stream } from './model.ts'
import { checkpointOf, keyFileOf, keyOf, vkeyOf } from './signed-log.ts'
import type { VersionedSink } from './versioned-sink.ts'

export type Random = (below: number) => number
export type Place = 'folder' | 'archive'

/** What was done, and the exit codes that name it. */
export type Done = {
  what: string
  exits: number[]
  /** Done to the bytes once they lie there: in a folder to the files, in an archive to the objects. */
  files?: (files: Map<string, Buffer>) => void
  bucket?: (sink: VersionedSink) => void
}

export type Mutation = (model: Model, random: Random, place: Place) => Done

const pick = <T>(items: readonly T[], random: Random): T => items[random(items.length)] as T
/** Not the first and not the last record. */
const inside = ({ lines }: Stream, random: Random): number => 1 + random(lines.length - 2)
const newestOf = ({ checkpoints }: Stream) => Math.max(...checkpoints.keys())

function bump(line: string, random: Random): string {
  const changes: Record<string, unknown>[] = [
    { ts: '2026-01-01T00:00:00.000Z' },
    { agent: { id: `trader-${random(1000)}`, type: 'agent' } },
    { decision: 'allow' },
    { tenant: `tenant-${random(1000)}` },
    { mono_us: random(1_000_000) + 2 },
    { note: `“${random(1000)}”` },
  ]
  const changed = forge(line, pick(changes, random))
  // Some records say already what they shall be changed to.
  return changed === line ? forge(line, { note: 'changed' }) : changed
}

/** A segment's bytes as they lie there, changed. */
function changeStored(
  stream: Stream,
  place: Place,
  change: (bytes: Buffer) => Buffer,
  which: (keys: string[]) => string,
): Pick<Done, 'files'> {
  const part = place === 'folder' ? `${stream.name}/0` : `${stream.name}/seg/`
  return {
    files(files) {
      const key = which([...files.keys()].filter((one) => one.includes(part)).sort())
      files.set(key, change(files.get(key) as Buffer))
    },
  }
}

export const mutations: Record<string, Mutation> = {
  'a record edited'(model, random, place) {
    const stream = pick(model.streams, random)
    const { lines } = stream
    const at = random(lines.length)
    const kind = random(3)
    if (kind === 0) {
      const flip = (bytes: Buffer) => {
        const changed = Buffer.from(bytes)
        const byte = random(bytes.length)
        changed[byte] = (changed[byte] as number) ^ (1 << random(8))
        return changed
      }
      if (place === 'folder') {
        const stored = changeStored(stream, place, flip, (keys) => pick(keys, random))
        return { what: 'one bit', exits: [12], ...stored }
      }
      const line = Buffer.from(lines[at] as string)
      lines[at] = flip(line).toString('latin1')
      return { what: 'one bit', exits: [12, 15] }
    }
    lines[at] = bump(lines[at] as string, random)
    if (kind === 1) {
      // The announcement holds the first record too: both were changed alike.
      return { what: 'a value, and the sum', exits: at === lines.length - 1 ? [13] : [12] }
    }
    rechain(stream, at + 1)
    return { what: 'a value, and all sums and links behind it', exits: [13] }
  },

  'records dropped'(model, random) {
    const stream = pick(model.streams, random)
    const at = 1 + random(stream.lines.length - 6)
    stream.lines.splice(at, 1 + random(4))
    stream.starts = stream.starts.filter((start) => start < stream.lines.length)
    if (random(2) === 0) return { what: 'and nothing else', exits: [12] }
    rechain(stream, at)
    return { what: 'and all numbers, sums and links behind them made anew', exits: [13, 16] }
  },

  'records reordered'(model, random) {
    const stream = pick(model.streams, random)
    const { lines } = stream
    const from = inside(stream, random)
    let to = inside(stream, random)
    if (to === from) to = from === 1 ? 2 : from - 1
    lines.splice(to, 0, ...lines.splice(from, 1))
    if (random(2) === 0) return { what: 'and nothing else', exits: [12] }
    rechain(stream, Math.min(from, to))
    return { what: 'and all numbers, sums and links behind them made anew', exits: [13] }
  },

  'forged records put in'(model, random) {
    const stream = pick(model.streams, random)
    const { lines } = stream
    const template = lines[inside(stream, random)] as string
    const forged = (at: number) =>
      forge(template, {
        id: `forged-${random(1e6)}`,
        seq: at,
        prev: leafHashOfText(lines[at - 1] as string),
      })
    if (random(3) === 0) {
      const count = 1 + random(3)
      if (random(2) === 0) stream.starts.push(lines.length)
      for (let n = 0; n < count; n += 1) lines.push(forged(lines.length))
      return { what: 'behind the end', exits: [11] }
    }
    const at = inside(stream, random)
    lines.splice(at, 0, forged(at))
    if (random(2) === 0) return { what: 'between others', exits: [12] }
    rechain(stream, at)
    return { what: 'between others, and all behind them made anew', exits: [13] }
  },

  'the tail cut off'(model, random, place) {
    const stream = pick(model.streams, random)
    const size = 1 + random(stream.lines.length - 1)
    const cut = stream.lines.splice(size)
    stream.starts = stream.starts.filter((start) => start < size)
    const kind = random(3)
    if (kind > 0) {
      for (const other of [...stream.checkpoints.keys()]) {
        if (other > size) stream.checkpoints.delete(other)
      }
    }
    if (kind === 2) {
      stream.checkpoints.set(size, stream.kept.get(size) as string)
      if (random(2) === 0) {
        // The stream shall look as if it had ended here.
        const prev = leafHashOfText(stream.lines.at(-1) as string)
        stream.lines.push(forge(cut.at(-1) as string, { seq: size, prev }))
        if (cut.length === 1) return { what: 'and the end written anew', exits: [13, 15] }
        if (place === 'folder') return { what: 'and ended anew', exits: [16] }
      }
    }
    const whats = ['', ' with its checkpoints', ' and an older checkpoint put there']
    return { what: `at ${size}${whats[kind]}`, exits: [16] }
  },

  'the key swapped'(model, random, place) {
    const other = { log, key: keyOf(2 + random(200)) }
    const kind = random(4)
    const swapped = kind === 0 ? model.streams : [pick(model.streams, random)]
    for (const stream of swapped) {
      if (kind === 1) {
        const at = random(stream.lines.length)
        stream.lines[at] = bump(stream.lines[at] as string, random)
        rechain(stream, at + 1)
      }
      for (const [size, text] of stream.checkpoints) {
        const { name, lines } = stream
        if (kind < 3) stream.checkpoints.set(size, checkpointOf(other, name, lines, size))
        else if (random(2) === 0 || size === newestOf(stream)) {
          // One signature, altered: the base64 behind the name of the log.
          stream.checkpoints.set(size, spoil(text, random))
        }
      }
      stream.operator = vkeyOf(log, other.key)
    }
    if (kind < 3) {
      const { id, text } = keyFileOf(log, other.key)
      if (random(2) === 0) model.keys.clear()
      model.keys.set(id, text)
    }
    const whats = [
      'of all streams',
      'of a stream that was rewritten',
      'of a stream',
      'a signature altered',
    ]
    // In an archive an older checkpoint that is altered first is named first; all of them are signatures.
    return { what: `${whats[kind]}, ${place}`, exits: [14] }
  },

  'an old checkpoint replayed'(model, random, place) {
    const stream = pick(model.streams, random)
    const newest = newestOf(stream)
    const older = 1 + random(newest - 1)
    const text = stream.kept.get(older) as string
    if (place === 'folder') {
      stream.checkpoints = new Map([[older, text]])
      return { what: `of ${older} for that of ${newest}`, exits: [15] }
    }
    if (random(2) === 0) {
      stream.checkpoints.set(newest, text)
      return { what: `of ${older} under the name of that of ${newest}`, exits: [15] }
    }
    for (const size of [...stream.checkpoints.keys()]) {
      if (size > older) stream.checkpoints.delete(size)
    }
    stream.checkpoints.set(older, text)
    return { what: `of ${older} for all newer ones`, exits: [15] }
  },

  'a stream deleted'(model, random, place) {
    const at = random(model.streams.length)
    const [stream] = model.streams.splice(at, 1) as [Stream]
    if (random(3) === 0) model.keys.clear()
    if (place === 'archive' && random(2) === 0) {
      // Only the announcement is left.
      model.streams.push({ ...stream, starts: [], checkpoints: new Map() })
      return { what: `${stream.name}, but not its announcement`, exits: [17] }
    }
    return { what: stream.name, exits: [17] }
  },

  'bytes put behind a segment, or an object rewritten or hidden'(model, random, place) {
    const stream = pick(model.streams, random)
    const forged = `${forge(stream.lines.at(-1) as string, { seq: stream.lines.length })}\n`
    if (place === 'folder') {
      const bytes = pick(
        [Buffer.from('{"x'), Buffer.alloc(1 + random(40)), Buffer.from(forged)],
        random,
      )
      const append = (stored: Buffer) => Buffer.concat([stored, bytes])
      const last = (keys: string[]) => keys.at(-1) as string
      return { what: 'bytes', exits: [11], ...changeStored(stream, place, append, last) }
    }
    const kind = random(4)
    if (kind < 2) {
      const more = kind === 0 ? gzipSync(forged) : Buffer.alloc(1 + random(40), random(256))
      const append = (stored: Buffer) => Buffer.concat([stored, more])
      const any = (keys: string[]) => pick(keys, random)
      return {
        what: 'behind the gzip member',
        exits: [11],
        ...changeStored(stream, place, append, any),
      }
    }
    return {
      what: kind === 2 ? 'an object rewritten' : 'an object hidden',
      exits: [10],
      bucket(sink) {
        const key = pick([...sink.objects.keys()].sort(), random)
        if (kind === 2) sink.rewrite(key, Buffer.from(`forged ${random(1000)}`))
        else sink.hide(key)
      },
    }
  },
}

/** Alters one base64 letter of a random signature line, so that it stays base64. */
function spoil(text: string, random: Random): string {
  const lines = text.split('\n')
  const signatures = lines.flatMap((line, index) => (line.startsWith('— ') ? [index] : []))
  // The second: that of the log's key as a witness, which the policy asks for.
  const at = signatures[1] as number
  const line = lines[at] as string
  const start = line.lastIndexOf(' ') + 1 + 6 // behind the key id
  const place = start + random(line.length - start - 4)
  const letter = line[place] === 'A' ? 'B' : 'A'
  lines[at] = `${line.slice(0, place)}${letter}${line.slice(place + 1)}`
  return lines.join('\n')
}
