import type { AuditRefs } from '../record/event.ts'
import type { AuditRecord } from '../record/record.ts'

/** What ties the records of one call together: `approval 0192…`, `decision 0192…`, `token 0192…`, `attempt 0192…`. */
export type StoryKey = string

/** The keys of a record; none for one that is about no single call. */
export function storyKeys(record: AuditRecord): StoryKey[] {
  const refs = refsOf(record)
  const kind: string = record.kind
  const keys = [
    ['decision', kind === 'decision' ? record.id : undefined],
    ['decision', refs.decision],
    ['decision', refs.redecision],
    // A grant names the approval it was made of: that is another call's, where the grant is used.
    ['approval', kind === 'grant.used' ? undefined : refs.approval],
    ['token', refs.jti],
    ['attempt', refs.attempt],
  ]
  if (kind === 'erasure') return [subjectKey(record) ?? []].flat()
  return keys.flatMap(([name, id]) => (typeof id === 'string' ? [`${name} ${id}`] : []))
}

/**
 * The person whose data the record has committed to: an erasure of theirs belongs to the story, another call of theirs
 * does not.
 */
export function subjectKey(record: AuditRecord): StoryKey | undefined {
  const { data_subject: subject } = record as { data_subject?: unknown }
  return typeof subject === 'string' && subject !== '' ? `erasure ${subject}` : undefined
}

/** The bytes that a record with the key holds. Of a person there may be very many decisions, but few erasures. */
export function needleOf(key: StoryKey): Buffer {
  const id = JSON.stringify(idOf(key))
  const ofErasure = key.startsWith('erasure ')
  return Buffer.from(ofErasure ? `"data_subject":${id},"erased":` : `:${id}`)
}

/** The id within a key. */
export function idOf(key: StoryKey): string {
  return key.slice(key.indexOf(' ') + 1)
}

export function refsOf(record: AuditRecord): AuditRefs {
  const { refs } = record as { refs?: AuditRefs | null }
  return refs ?? {}
}
