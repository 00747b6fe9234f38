import { type AuditError, unavailable } from '../errors.ts'
import type { RecoveryCause } from '../record/record.ts'

/** What ends a stream whose process gave no sign of life for long. */
export function takenOver(): AuditError {
  const why = 'this process stood still for minutes, so others may have ended its stream'
  return unavailable('appending', new Error(why))
}

/** What the record of its recovery says. */
export function causeOf({ code }: AuditError): RecoveryCause {
  if (code === 'LELU_AUDIT_ALTERED') return 'altered'
  return code === 'LELU_AUDIT_SINK_CONFLICT' ? 'conflict' : 'write_failed'
}
