import type { Style } from '../print.ts'
import { part, type Read, text } from './read-record.ts'

/** What a record tells: its title, the colour of it, and further lines. Nothing is escaped yet. */
export type Happened = { title: string; style?: Style; details: string[] }

const effects: Record<string, Style> = { allow: 'green', deny: 'red', require_approval: 'yellow' }
const ends: Record<string, Style> = { completed: 'green', failed: 'red', unknown: 'red' }

const votes: Record<string, { verb: string; style?: Style }> = {
  approve: { verb: 'approved', style: 'green' },
  deny: { verb: 'denied', style: 'red' },
}

const own = <T>(table: Record<string, T>, key: string): T | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined

/** A record in words. `again`: the decision follows an earlier one of the same call. */
export function happened(record: Read, again: boolean): Happened {
  const kind = text(record.kind)
  switch (kind) {
    case 'decision': {
      const effect = text(record.decision)
      const title = `${again ? 'decided again' : 'decided'}: ${effect}`
      return { title, ...styled(own(effects, effect)), details: decisionLines(record) }
    }
    case 'approval.requested': {
      const until = line('until', text(record.approve_by))
      return {
        title: 'approval requested',
        style: 'yellow',
        details: [...refLines(record), ...until],
      }
    }
    case 'approval.decided': {
      const vote = text(record.vote)
      // A word that this version does not know is no yes.
      const { verb, style } = own(votes, vote) ?? { verb: `voted: ${vote}` }
      const title = `${record.edited === true ? 'edited, and ' : ''}${verb}`
      const state = line('approval is', text(record.state))
      const details = [...byWhom(record), ...digestLines(record), ...state]
      return { title, ...styled(style), details }
    }
    case 'approval.escalated': {
      const details = [
        `level ${text(record.level)}, after ${text(record.after_ms)} ms without a decision`,
      ]
      return { title: 'escalated to more reviewers', style: 'yellow', details }
    }
    case 'token.minted': {
      const details = [...jtiLines(record), ...line('valid until', text(record.expires))]
      return {
        title: 'token minted',
        details: [...details, ...line('signed by key', text(record.key))],
      }
    }
    case 'token.redeemed': {
      const number = line(
        'attempt',
        [text(record.number), part(record.refs, 'attempt')].join(' ').trim(),
      )
      return {
        title: 'token redeemed, the call may run',
        details: [...jtiLines(record), ...number],
      }
    }
    case 'erasure': {
      const until = line('all that was recorded up to', text(record.erased))
      const title = 'what was kept of the person was erased'
      return { title, style: 'yellow', details: [...byWhom(record), ...until] }
    }
    case 'outcome':
      return outcome(record.result)
    default: {
      const more = [
        ...byWhom(record),
        ...line('state', text(record.state)),
        ...line('scope', text(record.scope)),
        ...termLines(record),
      ]
      return {
        title: kind.replaceAll('.', ' '),
        ...styled(own(others, kind)),
        details: [...more, ...grantLines(record)],
      }
    }
  }
}

const others: Record<string, Style> = {
  'approval.cancelled': 'red',
  'approval.expired': 'red',
  'token.revoked': 'red',
  'grant.revoked': 'red',
}

const styled = (style: Style | undefined) => (style === undefined ? {} : { style })
const line = (label: string, value: string) => (value === '' ? [] : [`${label} ${value}`])

function decisionLines(record: Read): string[] {
  const reasons = (Array.isArray(record.reasons) ? record.reasons : []).map(
    (reason) => `${part(reason, 'id')}: ${part(reason, 'message')}`,
  )
  const took = text(record.latency_us)
  return [
    ...reasons,
    confidenceLine(record),
    `policy ${part(record.policy, 'revision')}${took && `, in ${took} µs`}`,
    ...line('decision', text(record.id)),
    ...digestLines(record),
  ]
}

function confidenceLine({ confidence, signal }: Read): string {
  const value = part(signal, 'value')
  const about = [
    part(signal, 'method'),
    part(signal, 'trust'),
    part(signal, 'model') && `model ${part(signal, 'model')}`,
    part(signal, 'samples') && `${part(signal, 'samples')} samples`,
    part(signal, 'status') && `signal ${part(signal, 'status')}`,
  ].filter((word) => word !== '')
  const number =
    signal !== undefined && value === ''
      ? `unknown, counts as ${text(confidence)}`
      : text(confidence)
  return `confidence ${number || 'not recorded'}${about.length > 0 ? ` (${about.join(', ')})` : ''}`
}

const digestLines = (record: Read) => line('input digest', text(record.input_digest))
const jtiLines = ({ refs }: Read) => line('token', part(refs, 'jti'))
const refLines = ({ refs }: Read) => line('approval', part(refs, 'approval'))
const termLines = ({ max_uses, expires }: Read) =>
  line('calls at most', text(max_uses)).concat(line('until', text(expires)))
const grantLines = ({ refs }: Read) => line('standing grant', part(refs, 'grant'))

function byWhom({ reviewer, reason }: Read): string[] {
  const id = part(reviewer, 'id')
  const proof = [part(reviewer, 'issuer'), part(reviewer, 'method')].filter((word) => word !== '')
  const who = id === '' ? [] : [`by ${id}${proof.length > 0 ? ` (${proof.join(', ')})` : ''}`]
  return [...who, ...(text(reason) === '' ? [] : [`reason: ${text(reason)}`])]
}

function outcome(result: unknown): Happened {
  const status = part(result, 'status')
  const took = part(result, 'duration_ms')
  const details = [
    ...(took === '' ? [] : [`took ${took} ms`]),
    ...line('error', part(result, 'error_code')),
    ...line(status === 'failed' ? 'failure digest' : 'result digest', part(result, 'digest')),
  ]
  const title = status === 'not_run' ? 'was not run' : `ended: ${status}`
  return { title, ...styled(own(ends, status)), details }
}
