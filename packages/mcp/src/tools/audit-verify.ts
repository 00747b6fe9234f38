import { type AuditReport, type LogSource, openSource, verifyLog } from '@lelu/audit/reading'
import type { McpTool } from '../surface/surface.ts'
import { looks } from './hints.ts'
import type { ToolParts } from './options.ts'
import { answering, done, refused } from './results.ts'
import { count, list, object, text, textOrNull } from './schemas.ts'
import { shownText } from './shown.ts'

const most = 50

/** A source whose reading ends when the signal does: half a verification must not pass for one. */
function until(signal: AbortSignal, source: LogSource): LogSource {
  return {
    ...source,
    async *read(...place) {
      for await (const chunk of source.read(...place)) {
        signal.throwIfAborted()
        yield chunk
      }
    },
  }
}

/** `lelu_audit_verify`: whether the log is whole and unaltered, by the keys that lie beside it. */
export function auditVerifyTool({ lelu, scans }: ToolParts): McpTool {
  return {
    name: 'lelu_audit_verify',
    title: 'Verify the audit log',
    description:
      'Verifies that the audit log is whole and unaltered, by the keys beside it. Somebody who must not trust this machine verifies with `lelu audit verify --policy` elsewhere.',
    inputSchema: object({}, []),
    outputSchema: object(
      {
        ok: { type: 'boolean', description: 'Whether nothing is wrong.' },
        records: count('How many records there are.'),
        streams: count('How many streams there are.'),
        problems: list(
          object(
            {
              code: text('What kind.'),
              stream: text('Where.'),
              seq: { type: ['integer', 'null'] },
              message: text('What is wrong.'),
            },
            ['code', 'stream', 'seq', 'message'],
          ),
          'What is wrong, the first 50.',
        ),
        warnings: list({ type: 'string' }, 'What to look at, though it is no tampering.'),
        proven: list({ type: 'string' }, 'What this proves.'),
        not_proven: list({ type: 'string' }, 'What it does not.'),
        head: textOrNull('Leaf hash of the last record of the newest stream, base64.'),
      },
      ['ok', 'records', 'streams', 'problems', 'warnings', 'proven', 'not_proven', 'head'],
    ),
    annotations: looks,
    call: (_input, { signal, progress }) =>
      answering(async () => {
        let told = 0
        const scanned = await scans.run(signal, async (limited) =>
          verifyLog({
            source: until(limited, await openSource(lelu.audit.directory)),
            onProgress: (bytes) => {
              if (bytes - told < 1 << 24) return
              told = bytes
              progress({ progress: bytes }).catch(() => {})
            },
          }),
        )
        if (scanned === undefined) {
          return refused('LELU_MCP_BUSY', 'The log is being read for others. Ask again later.')
        }
        if (!scanned.complete) {
          const text =
            'Verifying took too long, and says nothing. `lelu audit verify` has no such limit.'
          return refused('LELU_MCP_BUSY', text)
        }
        return done(reportView(scanned.value), reportText(scanned.value))
      }),
  }
}

function reportView({ ok, records, streams, problems, warnings, proven, notProven }: AuditReport) {
  const words = (texts: readonly string[]) => texts.slice(0, most).map((text) => shownText(text))
  return {
    ok,
    records,
    streams: streams.length,
    problems: problems.slice(0, most).map(({ code, stream, seq, message }) => ({
      code,
      stream: shownText(stream),
      seq,
      message: shownText(message),
    })),
    warnings: words(warnings),
    proven: words(proven),
    not_proven: words(notProven),
    head: streams.at(-1)?.head ?? null,
  }
}

function reportText({ ok, records, problems, warnings }: AuditReport): string {
  const head = `${ok ? 'Intact' : 'DAMAGED'}: ${records} records, ${problems.length} problems, ${warnings.length} warnings.`
  const lines = problems.slice(0, 10).map(({ code, message }) => `${code}: ${shownText(message)}`)
  return [head, ...lines].join('\n')
}
