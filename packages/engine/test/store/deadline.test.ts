import { describe, expect, it } from 'vitest'
import { withDeadline } from '../../src/store/deadline.ts'

const late = expect.objectContaining({ code: 'LELU_STORE_UNAVAILABLE' })

function computeFor(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

describe('the deadline of a store', () => {
  it('ends an operation that never comes back', async () => {
    await expect(withDeadline(new Promise(() => {}), 30, 'reading')).rejects.toEqual(late)
  })

  it('does not count the time in which the process itself stood still', async () => {
    const answered = import('node:fs/promises').then(({ readFile }) =>
      readFile(import.meta.filename),
    )
    await import('node:fs/promises') // the read has begun
    const operation = withDeadline(answered, 50, 'reading')
    computeFor(200)
    await expect(operation).resolves.toBeDefined()
  })

  it('ends an operation that is still out after a standstill', async () => {
    const operation = withDeadline(new Promise(() => {}), 50, 'reading')
    computeFor(200)
    await expect(operation).rejects.toEqual(late)
  })
})
