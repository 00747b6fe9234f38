import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { bin, queueOfOne, runBin, temporaryFolder, writeRequest } from './support.ts'

/** The system's user nobody, where the tests run as root, from whom nothing is hidden. */
const uid = process.getuid?.() === 0 ? 65534 : undefined

/** A queue of which one part is closed to whoever runs the commands here. */
async function closed(part: string): Promise<{ directory: string; id: string }> {
  const queue = await queueOfOne()
  const { directory } = queue
  chmodSync(dirname(directory), 0o755)
  chmodSync(directory, 0o755)
  chmodSync(join(directory, part), 0)
  onTestFinished(() => chmodSync(join(directory, part), 0o700))
  return queue
}

/** Not where another user cannot even load the command, as in a home folder of root's. */
const isAble =
  process.platform !== 'win32' &&
  spawnSync(process.execPath, ['--conditions=lelu:source', bin, '--version'], {
    ...(uid !== undefined && { uid }),
  }).status === 0

test.runIf(isAble)(
  'a reviewer who may not read the directory is told so, and not that it is gone',
  async () => {
    for (const part of ['', 'keys']) {
      const { directory, id } = await closed(part)
      for (const words of [['list'], ['show', id]]) {
        const answer = await runBin(['approvals', ...words, '-C', directory], { uid })
        expect(answer).toMatchObject({ code: 1, stdout: '' })
        expect(answer.stderr).toMatch(/^LELU_KEYS_INVALID\n[\s\S]* this user may not read /)
        expect(answer.stderr).toContain('help: Run this as the user that the engine runs as.')
      }
    }
  },
)

test.runIf(isAble)('a log that this user may not read is not called missing', async () => {
  for (const part of ['', 'audit']) {
    const { directory } = await closed(part)
    const answer = await runBin(['audit', 'verify', '-C', directory], { uid })
    expect(answer).toMatchObject({ code: 1, stdout: '' })
    expect(answer.stderr).toMatch(/^LELU_AUDIT_UNAVAILABLE\n[\s\S]*help: .*may read every file/)
  }
})

test.runIf(isAble)(
  'a directory that this user may not write gets the help of that, and not of damaged keys',
  async () => {
    const folder = temporaryFolder()
    const [directory, policy] = [join(folder, 'state'), join(folder, 'policy.rego')]
    writeFileSync(policy, 'package lelu.authz\n\ndeny := true\n')
    mkdirSync(directory)
    chmodSync(folder, 0o755)
    chmodSync(directory, 0o555)
    onTestFinished(() => chmodSync(directory, 0o755))
    const inputs = ['--policies', policy, '--input', writeRequest(folder)]
    const { stderr } = await runBin(['decide', ...inputs, '-C', directory], { uid })
    expect(stderr).toMatch(/^LELU_KEYS_INVALID\n[\s\S]*keyring\.json cannot be made\./)
    expect(stderr).toContain('help: Make the folder writable for this user')
  },
)
