import type { AuditRecord } from '@lelu/audit'

/** A record read as data: a later version may know other kinds and members, and a forged one may hold anything. */
export type Read = { readonly [member: string]: unknown }

export function read(record: AuditRecord): Read {
  return record as unknown as Read
}

/** The text, or the number; the empty text for anything else. */
export function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? `${value}` : ''
}

/** The text of a member. */
export function part(value: unknown, member: string): string {
  return text((value as Read | null | undefined)?.[member])
}
