import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { archiveSource } from '../../src/read/archive-source.ts'
import { type AuditReport, verifyLog } from '../../src/reading.ts'
import { temporaryFolder } from '../support.ts'
import { archiveObjects, copyOf, folderFiles, genuine, log, signing } from './model.ts'
import { type Done, mutations, type Place } from './mutations.ts'
import { policyOf } from './signed-log.ts'
import { versionedSink } from './versioned-sink.ts'

// LELU_MUTATIONS=500 for the full run: so many of each class, over each layout.
const count = Number(process.env.LELU_MUTATIONS ?? 25)
const trust = policyOf(log, signing.key)
const base = genuine()
const newest = base.streams.at(-1)
/** The newest checkpoint of the newest stream, which no other stream has seen: whoever verifies kept it. */
const since = newest?.kept.get(newest.lines.length) as string

/** Small whole numbers that are the same in every run. */
function seeded(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** A folder that is made to hold exactly some files, by the few that changed. */
function folderOf(directory: string): (files: ReadonlyMap<string, Buffer>) => void {
  let before: ReadonlyMap<string, Buffer> = new Map()
  return (files) => {
    for (const name of before.keys()) {
      if (!files.has(name)) rmSync(join(directory, name))
    }
    for (const [name, bytes] of files) {
      if (before.get(name)?.equals(bytes)) continue
      mkdirSync(dirname(join(directory, name)), { recursive: true })
      writeFileSync(join(directory, name), bytes)
    }
    const streams = new Set([...before.keys()].map((name) => dirname(name)))
    for (const name of files.keys()) streams.delete(dirname(name))
    for (const name of streams) rmSync(join(directory, name), { recursive: true, force: true })
    before = files
  }
}

function verifierOf(place: Place): (model: typeof base, done?: Done) => Promise<AuditReport> {
  const directory = temporaryFolder()
  const lay = folderOf(directory)
  return async (model, done) => {
    if (place === 'folder') {
      const files = folderFiles(model)
      done?.files?.(files)
      lay(files)
      return verifyLog({ directory, trust, since })
    }
    const objects = archiveObjects(model)
    done?.files?.(objects)
    const sink = versionedSink()
    for (const [key, bytes] of objects) await sink.put(key, bytes, '')
    done?.bucket?.(sink)
    return verifyLog({ source: archiveSource(sink), trust, since })
  }
}

describe.each<Place>(['folder', 'archive'])('a signed log in layout %s:', (place) => {
  it('nothing is found when nothing was done', async () => {
    const report = await verifierOf(place)(base)
    expect(report).toMatchObject({ ok: true, exit: 0, problems: [], warnings: [] })
    expect(report.streams.every(({ covered, records }) => covered === records)).toBe(true)
  })

  it.each(Object.entries(mutations))(
    `%s is found ${count} times of ${count}`,
    {
      timeout: 30_000 + count * 1000,
    },
    async (name, mutate) => {
      const verify = verifierOf(place)
      const random = seeded(name.length * 31 + place.length)
      for (let round = 0; round < count; round += 1) {
        const model = copyOf(base)
        const done = mutate(model, random, place)
        const { ok, exit, problems } = await verify(model, done)
        const where = `round ${round}: ${name}, ${done.what}: ${JSON.stringify(problems[0] ?? null)}`
        expect(ok, where).toBe(false)
        expect(done.exits, where).toContain(exit)
      }
    },
  )
})
