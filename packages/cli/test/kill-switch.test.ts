import { expect, test } from 'vitest'
import { queueOfOne, run, trade, withEngine } from './support.ts'

const status = (directory: string) =>
  withEngine(directory, async (lelu) => (await lelu.guard(trade({ run: 'x' }), () => 'ran')).status)

test.each([
  [['--agent', 'trader-1'], 'The agent trader-1'],
  [['--all'], 'Everything'],
])('stop %s denies every call, and start ends that', async (scope, what) => {
  const { directory } = await queueOfOne()
  const stop = await run(['stop', ...scope, '--reason', 'Drill', '-C', directory])
  expect(stop).toMatchObject({
    code: 0,
    stdout: `${what} is stopped: every call is denied, and what was approved does not run.\n`,
  })
  expect(await status(directory)).toBe('denied')
  const start = await run(['start', ...scope, '--json', '-C', directory])
  expect(JSON.parse(start.stdout)).toMatchObject({ stopped: false })
  expect(await status(directory)).toBe('suspended')
})

test.each([[[]], [['--agent', '']], [['--agent', 'a', '--all']]])(
  'stop with %j is misuse',
  async (words) => {
    const { directory } = await queueOfOne()
    const { code } = await run(['stop', ...words, '-C', directory])
    expect(code).toBe(2)
    expect(await status(directory)).toBe('suspended')
  },
)
