import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { startS3 } from '@lelu/testing'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { isElsewhere, warnWithoutS3 } from './rgw.ts'

const answers = (endpoint: string) =>
  fetch(endpoint).then(
    () => true,
    () => false,
  )

describe.skipIf(warnWithoutS3() !== undefined || isElsewhere)('the S3 server of the tests', () => {
  it('leaves nothing behind when it is stopped', async () => {
    const server = await startS3()
    expect(await answers(server.endpoint)).toBe(true)
    expect(existsSync(server.folder)).toBe(true)
    await server.stop()
    expect(await answers(server.endpoint)).toBe(false)
    expect(existsSync(server.folder)).toBe(false)
  })

  it.runIf(existsSync('/usr/bin/setpriv'))('ends with the process that started it', async () => {
    const holder = fileURLToPath(new URL('./s3-holder.ts', import.meta.url))
    const words = ['--conditions=lelu:source', holder]
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      const [said] = await once(child.stdout, 'data')
      const { endpoint, folder } = JSON.parse(String(said))
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
      expect(await answers(endpoint)).toBe(true)
      child.kill('SIGKILL')
      await vi.waitFor(async () => expect(await answers(endpoint)).toBe(false), 30_000)
    } finally {
      child.kill('SIGKILL')
    }
  })
})
