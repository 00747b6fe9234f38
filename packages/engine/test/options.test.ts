import { directorySink, openAuditLog } from '@lelu/audit'
import { expect, it, onTestFinished } from 'vitest'
import { createLelu, type LeluOptions, openReviewDesk } from '../src/index.ts'
import { overview, temporaryFolder, testEngine } from './support.ts'

const wrong: [keyof LeluOptions, unknown][] = [
  ...['false', 'no', 1, 0, null, {}].map((value) => ['allowUnsafeStore', value] as const),
  ...['true', 1, null].map((value) => ['notices', value] as const),
  ...['log', {}, null, [1], [''], ['log', null]].map((value) => ['obligations', value] as const),
  ...['log', {}, null, { append() {} }].map((value) => ['audit', value] as const),
  // One that is still to be awaited is none.
  ['audit', Promise.resolve()],
  ...['s3://bucket', {}, null, () => {}].map((value) => ['archive', value] as const),
].map(([name, value]) => [name as keyof LeluOptions, value])

it.each(wrong)('the option %s is refused by its name when it is %j', async (name, value) => {
  const options = { directory: temporaryFolder(), policies: overview, [name]: value }
  const refused = {
    code: 'LELU_OPTIONS_INVALID',
    message: expect.stringContaining(`\`${name}\``),
    help: expect.stringMatching(/Pass|Correct/),
  }
  await expect(createLelu(options as LeluOptions)).rejects.toMatchObject(refused)
  await expect(openReviewDesk(options as LeluOptions)).rejects.toMatchObject(refused)
})

it('an opened log, a sink, words and truth values are taken', async () => {
  const audit = await openAuditLog({ directory: temporaryFolder() })
  onTestFinished(() => audit.close())
  const rest = { obligations: ['log'], allowUnsafeStore: false, notices: true }
  await testEngine({ ...rest, audit })
  const archive = directorySink({ directory: temporaryFolder() })
  await testEngine({ obligations: [], allowUnsafeStore: true, archive })
})
