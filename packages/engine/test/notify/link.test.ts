import { expect, it, onTestFinished, vi } from 'vitest'
import { linkOf } from '../../src/notify/link.ts'

const id = 'apr_0199-a'

it.each([
  ['nothing', undefined, null],
  ['a base', 'https://desk.example/approvals', 'https://desk.example/approvals/apr_0199-a'],
  ['a base with a slash', 'https://desk.example/', 'https://desk.example/apr_0199-a'],
  ['a base with a query', 'https://d.example/a?x=1', 'https://d.example/a/apr_0199-a?x=1'],
  [
    'a function',
    (one: string) => `https://d.example/?id=${one}`,
    'https://d.example/?id=apr_0199-a',
  ],
  ['a function that answers a script', () => 'javascript:alert(1)', null],
  ['a function that answers nothing', () => undefined as never, null],
  [
    'a function that throws',
    () => {
      throw new Error('no')
    },
    null,
  ],
  ['a function that answers later', (async () => 'https://d.example/1') as never, null],
])('the link made from %s', (_what, link, expected) => {
  expect(linkOf(link, id)).toBe(expected)
})

it('a link that is promised and never comes does not end this process', async () => {
  const unheard = vi.fn()
  process.on('unhandledRejection', unheard)
  onTestFinished(() => void process.off('unhandledRejection', unheard))
  const link = async (): Promise<string> => {
    throw new Error('no such page')
  }
  expect(linkOf(link as never, id)).toBeNull()
  // Node tells of it once all that was ready has run.
  await new Promise((resolve) => setImmediate(resolve))
  expect(unheard).not.toHaveBeenCalled()
})
