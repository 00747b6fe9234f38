import type { Subject } from './types.ts'

/** Whoever acts, and everybody on whose behalf: the agent first, then whom it acts for, to the end. */
export function chainOf(subject: Subject): Subject[] {
  return subject.actingFor === undefined ? [subject] : [subject, ...chainOf(subject.actingFor)]
}
