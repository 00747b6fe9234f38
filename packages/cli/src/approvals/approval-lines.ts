import type { Approval, InputChange, Json, Reviewer, Subject, Vote } from '@lelu/engine'
import { counted, moment, type Paint, safeJson, safeText, span, table } from '../print.ts'

type Options = { now: number; paint: Paint }
type Field = [label: string, value: string]

/**
 * A suspended call, whole, for the person who decides it. The input is never cut (a call hidden past the end of a
 * line is the oldest trick there is), and nothing in it reaches the terminal as anything but text.
 */
export function approvalLines(approval: Approval, { now, paint }: Options): string[] {
  const title = (text: string) => ['', paint('bold', text)]
  const { request, digest } = approval
  const input = safeJson(request.call.input).split('\n')
  return [
    `${paint('bold', `Approval ${safeText(approval.id)}`)}  ${paint('yellow', approval.state)}`,
    ...fields(timeFields(approval, now)),
    ...title('The call'),
    ...fields(callFields(approval)),
    ...title('Why it stopped'),
    ...fields(reasonFields(approval)),
    ...title('Needed'),
    ...neededLines(approval, now),
    ...(approval.votes.length + approval.edits.length > 0 ? title('Reviews so far') : []),
    ...approval.edits.flatMap((edit) => [
      `  edited by ${person(edit.reviewer)}, ${moment(edit.at, now)}; before: digest ${edit.from}`,
      ...edit.changes.map(changeLine),
    ]),
    ...approval.votes.map((vote) => voteLine(vote, digest, now)),
    ...outcomeLines(approval, now, title),
    ...title(`Input, whole (digest ${digest})`),
    ...input,
  ]
}

function fields(list: readonly Field[]): string[] {
  return table(list.map(([label, value]) => [`  ${label}`, value]))
}

function timeFields(
  { createdAt, approveBy, executeBy, approvedAt, tenant }: Approval,
  now: number,
): Field[] {
  const list: Field[] = [
    ['asked', moment(createdAt, now)],
    ['review by', moment(approveBy, now)],
  ]
  if (approvedAt !== null) list.push(['approved', moment(approvedAt, now)])
  if (executeBy !== null) list.push(['run by', moment(executeBy, now)])
  list.push(['tenant', safeText(tenant)])
  return list
}

function callFields({ request }: Approval): Field[] {
  const { subject, call, resource, run, context } = request
  const list: Field[] = [['action', safeText(call.tool)]]
  if (call.server !== undefined) list.push(['server', safeText(call.server)])
  list.push(['effect', call.effect ?? 'non_idempotent'])
  let label = 'agent'
  for (let one: Subject | undefined = subject; one !== undefined; one = one.actingFor) {
    list.push([label, `${safeText(one.id)} (${one.type})${jsonAfter(one.properties)}`])
    label = 'acting for'
  }
  if (resource !== undefined) {
    list.push([
      'resource',
      `${safeText(resource.type)} ${safeText(resource.id)}${jsonAfter(resource.properties)}`,
    ])
  }
  if (run !== undefined) list.push(['run', safeText(run)])
  list.push(['call id', safeText(call.id)])
  if (context !== undefined) list.push(['context', safeJson(context, 0)])
  return list
}

function jsonAfter(value: Record<string, Json> | undefined): string {
  return value === undefined ? '' : ` ${safeJson(value, 0)}`
}

const trustWords: Record<string, string> = {
  engine: 'worked out by the engine',
  adapter: 'read by the adapter',
  claimed: 'claimed by the model, not verified',
  none: 'nobody vouches for it',
}

function reasonFields({ decision, request }: Approval): Field[] {
  const { confidence: signal } = request
  const reasons = decision.reasons.map(
    ({ id, message }): Field => ['reason', `${safeText(message)} (${safeText(id)})`],
  )
  const list: Field[] = reasons.length > 0 ? reasons : [['reason', 'the policy gave none']]
  if (signal === undefined || signal.value === null) {
    const method =
      signal === undefined || signal.method === 'none'
        ? ''
        : `, ${signal.method} gave no valid number`
    list.push(['confidence', `unknown, counts as ${decision.confidence}${method}`])
  } else {
    const more = [
      signal.method,
      trustWords[signal.trust] ?? safeText(signal.trust),
      ...(signal.model === undefined ? [] : [`model ${safeText(signal.model)}`]),
      ...(signal.samples === undefined ? [] : [counted(signal.samples, 'sample')]),
    ]
    list.push(['confidence', `${decision.confidence} (${more.join('; ')})`])
  }
  if (signal?.evidence !== undefined) list.push(['evidence', safeJson(signal.evidence, 0)])
  list.push(['policy', safeText(decision.policy.revision)])
  list.push([
    'decision',
    `${decision.id}, audit record ${decision.audit.stream}/${decision.audit.seq}`,
  ])
  if (decision.obligations.length > 0) list.push(['obligations', safeJson(decision.obligations, 0)])
  return list
}

function neededLines({ requirements, createdAt }: Approval, now: number): string[] {
  if (requirements.length === 0) return ['  1 reviewer']
  return requirements.flatMap(
    ({ id, quorum, veto, reviewers, groups, expiresInMs, escalation = [] }) => {
      const named = namesOf({ reviewers, groups })
      const who = named === '' ? '' : ` of: ${named}`
      const within = expiresInMs === null ? '' : `, within ${span(expiresInMs)}`
      const against = veto === false ? '; as many to deny it' : ''
      return [
        `  ${counted(quorum, 'reviewer')}${who}${within}${against} (${safeText(id)})`,
        ...escalation.map((step) => {
          // Where nobody is named everybody may review already.
          const at = moment(createdAt + step.afterMs, now)
          return named === ''
            ? `    at ${at} told once more`
            : `    from ${at} also: ${namesOf(step)}`
        }),
      ]
    },
  )
}

type Named = { reviewers?: string[] | null; groups?: string[] | undefined }

function namesOf({ reviewers, groups = [] }: Named): string {
  const members = groups.map((group) => `members of ${safeText(group)}`)
  return [...(reviewers ?? []).map(safeText), ...members].join(', ')
}

function changeLine({ path, from, to }: InputChange): string {
  const shown = (value: Json | undefined) => (value === undefined ? 'nothing' : safeJson(value, 0))
  const place = path === '' ? 'the input' : safeText(path)
  return `    ${place}: ${shown(from)} became ${shown(to)}`
}

function person({ id, issuer, method }: Reviewer): string {
  return `${safeText(id)} (${safeText(issuer)}, ${safeText(method)})`
}

function voteLine(vote: Vote, current: string, now: number): string {
  const { reviewer, verdict, digest, reason, at } = vote
  const verb = verdict === 'approve' ? 'approved' : 'denied'
  const counts = digest === current && vote.void !== true
  const old = counts ? '' : `; for an earlier input (digest ${digest}), does not count`
  const why = reason === null ? '' : `: ${safeText(reason)}`
  return `  ${verb} by ${person(reviewer)}, ${moment(at, now)}${why}${old}`
}

function outcomeLines(
  { grant, attempt, result, reason }: Approval,
  now: number,
  title: (text: string) => string[],
): string[] {
  const list: Field[] = []
  if (grant !== null)
    list.push([
      'token',
      `minted ${counted(grant.count, 'time')}, the last until ${moment(grant.expiresAt, now)}`,
    ])
  if (attempt !== null) {
    list.push([
      'attempt',
      `${attempt.number}, started ${moment(attempt.startedAt, now)}, lease until ${moment(attempt.leaseUntil, now)}`,
    ])
  }
  if (reason !== null) list.push(['reason', `${safeText(reason.message)} (${safeText(reason.id)})`])
  if (result?.status === 'failed') list.push(['failed', safeText(result.message)])
  if (result?.status === 'not_run') list.push(['not run', safeText(result.message)])
  if (result?.status === 'completed') {
    list.push([
      'completed',
      result.kept ? safeJson(result.value ?? null, 0) : 'the result was not kept',
    ])
  }
  return list.length === 0 ? [] : [...title('What became of it'), ...fields(list)]
}
