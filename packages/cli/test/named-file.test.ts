import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { queueOfOne, run, temporaryFolder } from './support.ts'

const vkey = 'lelu+755c89a3+BPsihcpLMQBPX2zcyCgoKujzCN5Aw0t+FCVUznl64j+g'

/** Commands that read the file `given`, and a trust policy that is as it should be. */
const readers: [name: string, argv: (given: string, trust: string) => string[]][] = [
  ['decide --input', (given) => ['decide', '--policies', '.', '--input', given]],
  ['policy explain --input', (given) => ['policy', 'explain', '.', '--input', given]],
  ['audit verify --policy', (given) => ['audit', 'verify', '--policy', given]],
  ['audit verify --since', (given) => ['audit', 'verify', '--since', given]],
  [
    'audit verify --proof',
    (given, trust) => ['audit', 'verify', '--proof', given, '--policy', trust],
  ],
  ['notifications deliver --targets', (given) => ['notifications', 'deliver', '--targets', given]],
]

for (const [name, argv] of readers) {
  test(`${name} says which file it could not read, a folder too`, async () => {
    const { directory } = await queueOfOne()
    const folder = temporaryFolder()
    const trust = join(folder, 'policy.txt')
    writeFileSync(trust, `witness operator ${vkey}\nquorum operator\n`)
    for (const given of [folder, join(folder, 'missing')]) {
      const { code, stderr } = await run([...argv(given, trust), '-C', directory])
      expect(stderr).toMatch(/^LELU_FILE_FAILED\n\n {2}× Could not (?:read|open) /)
      expect(stderr).toContain(`${given}: `)
      expect(code).toBe(1)
    }
  })

  test.runIf(existsSync('/dev/zero'))(`${name} does not read on for ever`, async () => {
    const { directory } = await queueOfOne()
    const trust = join(temporaryFolder(), 'policy.txt')
    writeFileSync(trust, `witness operator ${vkey}\nquorum operator\n`)
    const { code, stderr } = await run([...argv('/dev/zero', trust), '-C', directory])
    expect(stderr).toMatch(/^LELU_INPUT_TOO_LARGE\n/)
    expect(code).toBe(1)
  })
}
