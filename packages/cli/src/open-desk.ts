import type { ReviewDesk, ReviewDeskOptions } from '@lelu/engine'
import { archiveFromEnvironment } from './archive.ts'
import type { CommandContext } from './command-context.ts'

/** Opens the desk of the directory, which must be there, uses it, and closes it whatever happens. */
export async function withDesk<T>(
  { io, globals }: CommandContext,
  use: (desk: ReviewDesk) => Promise<T>,
  options: ReviewDeskOptions = {},
): Promise<T> {
  const { openReviewDesk } = await import('@lelu/engine')
  const { directory } = globals()
  const archive = await archiveFromEnvironment(io.env)
  const desk = await openReviewDesk({ ...options, directory, ...archive })
  try {
    return await use(desk)
  } finally {
    await desk.close()
  }
}
