import type { Archive } from './archive.ts'
import { lelu, runScript } from './processes.ts'
import type { Step } from './steps.ts'
import { check, say } from './story.ts'

/** How the story ends with an archive: every process has put its part of the log there. */
export function archiveSteps({ url, bucket, endpoint }: Archive): Step[] {
  const place = url.replace(/\?.*/, '')
  return [
    {
      title: 'The log in the bucket verifies, and is locked',
      async play({ layout }) {
        const report = await lelu(
          ['audit', 'verify', place, '--endpoint', endpoint, '--require-immutable', 'COMPLIANCE:1'],
          layout,
        )
        check('the whole log is there', /intact/.test(report))
      },
    },
    {
      title: 'Nobody can delete a record from it, with the keys of its owner',
      async play({ layout }) {
        const answer = await runScript('./delete-version.ts', [endpoint, bucket], layout)
        say(answer.trim())
        check('the store refuses', answer.includes('403'))
      },
    },
  ]
}
