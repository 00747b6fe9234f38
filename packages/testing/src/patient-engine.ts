import { join } from 'node:path'
import { openAuditLog } from '@lelu/audit'
import { createLelu, type Lelu, type LeluOptions } from '@lelu/engine'

/**
 * An engine as `createLelu` makes it, whose log gives the disk twenty seconds and not two: a machine on which many
 * processes of a suite begin at once is no disk that hangs.
 */
export async function patientEngine(options: LeluOptions & { directory: string }): Promise<Lelu> {
  const { directory, now } = options
  const audit = await openAuditLog({
    directory: join(directory, 'audit'),
    keys: join(directory, 'keys', 'audit'),
    deadlineMs: 20_000,
    ...(now && { now }),
  })
  const lelu = await createLelu({ ...options, audit }).catch(async (error: unknown) => {
    await audit.close()
    throw error
  })
  return {
    ...lelu,
    async close() {
      await lelu.close()
      await audit.close()
    },
  }
}
