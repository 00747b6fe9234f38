import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const hanging = fileURLToPath(new URL('./hanging-disk.ts', import.meta.url))

it('a disk that hangs has two seconds, where the options do not say: here the tests themselves do', () => {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--conditions=lelu:source', '--disable-warning=ExperimentalWarning', hanging],
    { encoding: 'utf8' },
  )
  expect(stderr).toBe('')
  expect(stdout).toMatch(/^LELU_AUDIT_UNAVAILABLE .* within 2000 ms/)
})
