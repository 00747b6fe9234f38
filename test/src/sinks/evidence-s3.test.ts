import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openAuditLog } from '@lelu/audit'
import { archiveSource, exportEvidence, verifyLog } from '@lelu/audit/reading'
import { createLockedBucket } from '@lelu/testing'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { decision } from '../../bench/audit.ts'
import { openS3, type RealS3, warnWithoutS3 } from './rgw.ts'
import { newPrefix, sinkAt } from './stores.ts'

const bucket = `lelu-${randomUUID()}`

describe.skipIf(warnWithoutS3() !== undefined)('the evidence from a locked bucket', () => {
  let server: RealS3
  beforeAll(async () => {
    server = await openS3()
    await createLockedBucket(server, bucket)
  })
  afterAll(() => server?.stop())

  it('holds the lock of each object, and what the bucket was seen to refuse', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lelu-evidence-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const sink = sinkAt(server, bucket, newPrefix())
    const log = await openAuditLog({ directory: join(folder, 'audit'), sink })
    await Promise.all(Array.from({ length: 50 }, (_, n) => log.append(decision(n))))
    await log.close()

    const out = join(folder, 'pack')
    const time = { from: '2020-01-01', to: '2100-01-01' }
    const pack = await exportEvidence({ source: archiveSource(sink), out, ...time })
    expect(pack).toMatchObject({ decisions: 50, sampled: 25, unsigned: 0 })
    const trust = readFileSync(join(out, 'policy.txt'), 'utf8')
    expect(await verifyLog({ directory: out, trust })).toMatchObject({ ok: true })

    const held = JSON.parse(readFileSync(join(out, 'retention.json'), 'utf8'))
    // A segment, a checkpoint, the announcement and the key at least.
    expect(held.objects.length).toBeGreaterThanOrEqual(4)
    for (const { mode, until } of held.objects) {
      expect(mode).toBe('COMPLIANCE')
      expect(Date.parse(until)).toBeGreaterThan(Date.now() + 23 * 3_600_000)
    }
    expect(held.canary).toMatchObject([
      { stream: log.stream, sink: { immutable: true, mode: 'COMPLIANCE', days: 1 } },
    ])
    expect(held.canary[0].sink.findings.length).toBeGreaterThan(3)
  })
})
