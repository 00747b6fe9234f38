import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ocsfFileTarget, ocsfHttpTarget } from '../../src/reading.ts'
import { ocsfProblems } from './check-ocsf.ts'
import { logOfTwenty, once } from './forwarding.ts'
import { startReceiver } from './receiver.ts'

describe('OCSF', () => {
  it('goes to a webhook as lines of JSON, with the headers it needs', async () => {
    const { directory, cursor, all } = await logOfTwenty()
    const { url, requests, ids } = await startReceiver()
    const to = ocsfHttpTarget({
      url: `${url}/services/collector/raw?x=1`,
      headers: { authorization: 'Splunk t' },
    })
    await once({ directory, cursor, to, fromStart: true })
    expect(requests[0]).toMatchObject({
      path: '/services/collector/raw?x=1',
      headers: { authorization: 'Splunk t', 'content-type': 'application/x-ndjson' },
    })
    const lines = requests.flatMap(({ body }) => body.trimEnd().split('\n'))
    for (const line of lines) expect(ocsfProblems(JSON.parse(line))).toEqual([])
    expect(ids.filter((id) => all.includes(id)).sort()).toEqual(all)
  })

  it('goes to a file, and after a torn line goes on with a whole one', async () => {
    const { directory, cursor, all } = await logOfTwenty()
    const path = join(directory, '..', 'ocsf.jsonl')
    writeFileSync(path, '{"torn":')
    await once({ directory, cursor, to: ocsfFileTarget(path), fromStart: true })
    const [torn, ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n')
    expect(torn).toBe('{"torn":')
    const ids = lines.map((line) => JSON.parse(line).metadata.uid)
    expect(ids.filter((id) => all.includes(id)).sort()).toEqual(all)
  })

  it('waits for a file that cannot be written', async () => {
    const { directory, cursor } = await logOfTwenty()
    const to = ocsfFileTarget(join(directory, '..', 'none', 'ocsf.jsonl'))
    await expect(once({ directory, cursor, to, fromStart: true, tries: 2 })).rejects.toMatchObject({
      message: expect.stringContaining('ENOENT'),
    })
  })
})
