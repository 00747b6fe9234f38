import { isUtf8 } from 'node:buffer'
import { parseRecord, type StoredLine } from '../read/read.ts'
import { jsonText } from '../record/json-bytes.ts'
import { leafHash, maxLineBytes, sumHolds } from '../record/line.ts'
import type { AuditRecord } from '../record/record.ts'

export type CheckedLine =
  | { ok: true; record: AuditRecord; leaf: string }
  | { ok: false; code: 'bad_line' | 'edited'; why: string }

/** Whether a line is, taken by itself, one that the log of this stream could have written. */
export function checkLine({ bytes, stream }: StoredLine): CheckedLine {
  if (bytes.length > maxLineBytes) return bad('it is longer than a record can be')
  // Broken UTF-8 decodes to the replacement character, so two different lines could read the same.
  if (!isUtf8(bytes)) return bad('it is not UTF-8')
  const text = bytes.toString()
  const record = parseRecord(text)
  if (record === undefined) return bad('it is no record')
  if (!sumHolds(text)) return edited('its bytes are not those that were written')
  // Of a name that appears twice some readers see the first value and some the last.
  if (!isCanonical(record, text)) return edited('it is not in canonical form')
  if (record.stream !== stream) return edited('it belongs to another stream')
  return { ok: true, record, leaf: leafHash(bytes) }
}

function isCanonical(record: AuditRecord, text: string): boolean {
  try {
    return jsonText(record) === text
  } catch {
    return false
  }
}

const bad = (why: string): CheckedLine => ({ ok: false, code: 'bad_line', why })
const edited = (why: string): CheckedLine => ({ ok: false, code: 'edited', why })
