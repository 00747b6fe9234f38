import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type AuditLog, directorySink, openAuditLog, rotateSigningKey } from '../../src/index.ts'
import { exportEvidence, openSource, verifyLog, verifyRecordProof } from '../../src/reading.ts'
import { operatorPolicy } from '../../src/tlog/trust-policy.ts'
import { decision, temporaryFolder } from '../support.ts'
import { openQuick } from '../support-log.ts'
import { packOf, sumsHold, text, writeOver } from './support.ts'

const always = { from: '2020-01-01', to: '2100-01-01' }

async function writeDecisions(log: AuditLog, prefix: string, count: number) {
  const all = Array.from({ length: count }, (_, n) => log.append(decision(`${prefix}${n}`)))
  await Promise.all(all)
}

describe('a pack of a log that is being written', () => {
  it('verifies, by several processes that note each other, from the folder and from the archive', {
    timeout: 300_000,
  }, async () => {
    const directory = temporaryFolder()
    const archive = temporaryFolder()
    const open = () => openQuick({ directory, sink: directorySink({ directory: archive }) })
    let running = true
    const writers = [1, 2, 3].map(async (writer) => {
      for (let round = 0; running; round += 1) {
        const log = await open()
        for (let n = 0; running && n < 20; n += 1) {
          await writeDecisions(log, `w${writer}-${round}-${n}-`, 10)
          await sleep(10)
        }
        await log.close()
      }
    })
    try {
      for (const place of [directory, archive]) {
        const decisions = () => packOf(place, always).then(({ decisions }) => decisions)
        await expect.poll(() => decisions().catch(() => 0)).toBeGreaterThan(0)
      }
      for (let round = 0; round < 3; round += 1) {
        for (const place of [directory, archive]) {
          const pack = await packOf(place, always)
          const trust = text(pack, 'policy.txt')
          const report = await verifyLog({ directory: pack.out, trust })
          expect(report.problems, place).toEqual([])
          expect(pack.records).toBe(report.records)
          expect(pack.decisions).toBeGreaterThan(0)
        }
      }
    } finally {
      running = false
      await Promise.all(writers)
    }
  })
})

describe('a pack of a log whose key was rotated', () => {
  /** One stream signed by the first key, and one by the second alone. */
  async function rotated() {
    const directory = temporaryFolder()
    for (const prefix of ['a', 'b']) {
      const log = await openAuditLog({ directory })
      await writeDecisions(log, prefix, 5)
      await log.close()
      if (prefix === 'b') break
      // Both would sign for 24 hours.
      const now = () => Date.now() - 25 * 3_600_000
      await rotateSigningKey({ folder: `${directory}.keys`, log: 'lelu', now })
    }
    return directory
  }

  it('trusts the first key, and verifies by the statement of the rotation', async () => {
    const directory = await rotated()
    const pack = await packOf(directory, always)
    expect(pack).toMatchObject({ roots: 1, sampled: 10, unsigned: 0 })
    const trust = text(pack, 'policy.txt')
    expect(trust.match(/witness/g)).toHaveLength(1)
    expect(await verifyLog({ directory: pack.out, trust })).toMatchObject({ ok: true })
    const keys = pack.files
      .filter((name) => name.includes('/keys/'))
      .map((name) => text(pack, name))
    expect(keys).toHaveLength(2)
    const proofs = pack.files.filter((name) => name.endsWith('.tlog-proof'))
    const oks = (more: object) =>
      proofs.filter((name) => verifyRecordProof({ proof: text(pack, name), trust, ...more }).ok)
    expect(oks({ keys })).toHaveLength(10)
    expect(oks({})).toHaveLength(5)
    expect(oks({ keys: keys.filter((one) => !one.includes('lelu-key-rotation')) })).toHaveLength(5)
  })

  it('is found where the statement was altered, or is gone', async () => {
    for (const change of [
      (path: string) => rmSync(path),
      (path: string) =>
        writeOver(path, readFileSync(path, 'utf8').replace(/.{9}\n$/, 'AAAAAAAA=\n')),
    ]) {
      const pack = await packOf(await rotated(), always)
      const file = pack.files.find(
        (name) => name.includes('/keys/') && text(pack, name).includes('rotation'),
      ) as string
      change(join(pack.out, file))
      const trust = text(pack, 'policy.txt')
      expect(await verifyLog({ directory: pack.out, trust })).toMatchObject({ exit: 14 })
      expect(sumsHold(pack.out)).toBe(false)
    }
  })

  it('says so when nothing leads from one first key to another', async () => {
    const directory = temporaryFolder()
    for (const prefix of ['a', 'b']) {
      const log = await openAuditLog({ directory })
      await writeDecisions(log, prefix, 3)
      await log.close()
      rmSync(`${directory}.keys`, { recursive: true })
    }
    const pack = await packOf(directory, always)
    expect(pack.roots).toBe(2)
    expect(text(pack, 'README.md')).toContain('**The log has 2 first keys')
    const trust = text(pack, 'policy.txt')
    expect(await verifyLog({ directory: pack.out, trust })).toMatchObject({ ok: true })
    const first = operatorPolicy(/witness operator-1 (\S+)/.exec(trust)?.[1] as string)
    expect(await verifyLog({ directory: pack.out, trust: first })).toMatchObject({ exit: 14 })
  })

  it('takes the policy that it is given', async () => {
    const directory = await rotated()
    const trust = operatorPolicy(
      (await (await openSource(directory)).keys())[0]?.text.split('\n')[0] as string,
    )
    const out = join(temporaryFolder(), 'pack')
    await exportEvidence({ ...always, source: await openSource(directory), out, trust })
    expect(text({ out }, 'policy.txt')).toBe(trust)
  })
})
