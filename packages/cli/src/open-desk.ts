import type { ReviewDesk, ReviewDeskOptions } from '@lelu/engine'
import { archiveFromEnvironment } from './archive.ts'
import type { Io } from './io.ts'

/** Opens the desk of an existing directory, uses it, and closes it whatever happens. */
export async function withDesk<T>(
  { env, ...options }: ReviewDeskOptions & { directory: string; env?: Io['env'] },
  use: (desk: ReviewDesk) => Promise<T>,
): Promise<T> {
  const { openReviewDesk } = await import('@lelu/engine')
  const desk = await openReviewDesk({ ...options, ...(await archiveFromEnvironment(env)) })
  try {
    return await use(desk)
  } finally {
    await desk.close()
  }
}
