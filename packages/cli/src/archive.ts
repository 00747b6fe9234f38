import type { AuditSink } from '@lelu/audit'

/** `LELU_ARCHIVE`: where every process of a directory archives its part of the audit log (docs/s3.md). */
export async function archiveFromEnvironment(
  env: NodeJS.ProcessEnv = process.env,
): Promise<{ archive?: AuditSink }> {
  const url = env.LELU_ARCHIVE
  if (url === undefined || url === '') return {}
  const { openArchive } = await import('@lelu/audit')
  return { archive: await openArchive(url) }
}
