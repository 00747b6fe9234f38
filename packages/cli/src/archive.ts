import type { AuditSink } from '@lelu/audit'
import type { Io } from './io.ts'

/** `LELU_ARCHIVE`: where every process of a directory archives its part of the audit log (docs/s3.md). */
export async function archiveFromEnvironment(
  env: Io['env'] = process.env,
): Promise<{ archive?: AuditSink }> {
  const url = env.LELU_ARCHIVE
  if (url === undefined || url === '') return {}
  const { openArchive } = await import('@lelu/audit')
  return { archive: await openArchive(url) }
}
