import { lelu } from './processes.ts'
import type { Story } from './steps.ts'
import { line, say } from './story.ts'

/** The reviewer of the unattended story: the CLI, as the user of the operating system. */
export async function decideByCommand(approvalId: string, { layout }: Story): Promise<'approved'> {
  await lelu(['approvals', 'approve', approvalId, '--reason', 'The customer confirmed it'], layout)
  return 'approved'
}

/** Lets the person at the terminal decide, and waits until they have. */
export async function decideByPerson(
  approvalId: string,
  { layout }: Story,
): Promise<'approved' | 'denied'> {
  line()
  say('Your turn. In another terminal (with the lines from the top), type one of:')
  say(`lelu approvals approve ${approvalId}`)
  say(`lelu approvals deny ${approvalId} --reason "..."`)
  say('Waiting for your decision; Ctrl-C ends the story.')
  const { openReviewDesk } = await import('@lelu/engine')
  const desk = await openReviewDesk({ directory: layout.lelu })
  try {
    for (;;) {
      const { state } = await desk.approvals.wait(approvalId)
      if (state !== 'pending') return state === 'approved' ? 'approved' : 'denied'
    }
  } finally {
    await desk.close()
  }
}
