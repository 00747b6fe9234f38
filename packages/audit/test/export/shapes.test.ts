import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toOcsf, toOtelLog, toOtlpLogs } from '../../src/reading.ts'
import { eventKinds } from '../../src/record/event.ts'
import { ocsfProblems } from './check-ocsf.ts'
import { otlpProblems } from './check-otlp.ts'
import { exported, samples } from './records.ts'

const all = Object.entries(samples).map(([name, members]) => [name, exported(members)] as const)

it('has a sample of every kind that can be appended', () => {
  const kinds = Object.values(samples).map(({ kind }) => kind)
  expect(kinds).toEqual(expect.arrayContaining([...eventKinds]))
})

describe('OCSF', () => {
  it.each(all)('%s: the event keeps to the published schema', (_name, one) => {
    expect(ocsfProblems(toOcsf(one))).toEqual([])
  })

  it('knows by class what happened, and by action how it was answered', () => {
    const of = (name: string) => {
      const { class_uid, activity_name, action_id, disposition_id, status_id, severity_id } =
        toOcsf(exported(samples[name] ?? {}))
      return [class_uid, activity_name, action_id, disposition_id, status_id, severity_id]
    }
    expect(of('allow')).toEqual([6003, 'non_idempotent', 1, 1, 1, 1])
    expect(of('deny')).toEqual([6003, 'non_idempotent', 2, 2, 2, 3])
    expect(of('wait')).toEqual([6003, 'non_idempotent', 99, 14, 99, 1])
    expect(of('failed')).toEqual([6003, 'non_idempotent', undefined, undefined, 2, 3])
    expect(of('unknown')).toEqual([6003, 'non_idempotent', undefined, undefined, 0, 4])
    expect(of('notRun')).toEqual([6003, 'non_idempotent', undefined, undefined, 99, 1])
    expect(of('edited')).toEqual([3004, 'Update', 4, 8, undefined, 1])
    expect(of('denied')).toEqual([3004, 'Update', 2, 25, undefined, 3])
    expect(of('revoked')).toEqual([3004, 'Disable', undefined, undefined, undefined, 3])
    expect(of('genesis')).toEqual([6002, 'Start', undefined, undefined, undefined, 1])
    expect(of('later')).toEqual([0, 'of.a.later.version', undefined, undefined, undefined, 1])
  })

  it('carries the line, the place, the receipt, and a key to tell a repeated event by', () => {
    const one = exported(samples.wait ?? {})
    const { metadata, raw_data, unmapped, time } = toOcsf(one)
    expect(metadata).toMatchObject({
      uid: 'D',
      correlation_uid: 'D',
      sequence: 7,
      tenant_uid: 'default',
    })
    expect(raw_data).toBe(one.raw)
    expect(unmapped).toMatchObject({ leaf: one.leaf, stream: one.stream, confidence: 1 })
    expect(time).toBe(Date.parse('2026-11-22T10:00:00.123Z'))
  })

  it('names the reviewer of a vote, and the agent with whom it acts for of a call', () => {
    const { actor: voter, comment } = toOcsf(exported(samples.approved ?? {}))
    expect([voter, comment]).toMatchObject([{ user: { uid: 'bob', type_id: 1 } }, 'fine'])
    const { actor: caller } = toOcsf(exported(samples.allow ?? {}))
    expect(caller).toMatchObject({ app_uid: 'trader-1', user: { uid: 'alice', type_id: 1 } })
  })
})

describe('OpenTelemetry', () => {
  it('makes a request that keeps to the fields and the JSON encoding of OTLP', () => {
    expect(otlpProblems(toOtlpLogs(all.map(([, one]) => one)))).toEqual([])
  })

  const attributesOf = (name: string) =>
    new Map(
      toOtelLog(exported(samples[name] ?? {})).attributes.map(({ key, value }) => [key, value]),
    )

  it('names the tool, the call and the agent as the conventions for generative AI do', () => {
    const attributes = attributesOf('allow')
    expect(attributes.get('gen_ai.operation.name')).toEqual({ stringValue: 'execute_tool' })
    expect(attributes.get('gen_ai.tool.name')).toEqual({ stringValue: 'trade' })
    expect(attributes.get('gen_ai.tool.call.id')).toEqual({ stringValue: 'call-1' })
    expect(attributes.get('gen_ai.agent.id')).toEqual({ stringValue: 'trader-1' })
    expect(attributes.get('log.record.uid')).toEqual({ stringValue: 'D' })
    expect(attributesOf('policy').has('gen_ai.operation.name')).toBe(false)
    expect(attributesOf('failed').get('error.type')).toEqual({ stringValue: 'E_LIMIT' })
  })

  it('tells all that a record refers to, and where its confidence comes from', () => {
    const refs = {
      decision: 'D',
      redecision: 'D2',
      approval: 'A',
      jti: 'J',
      attempt: 'T',
      grant: 'G',
    }
    const signal = {
      ...{ method: 'agreement', trust: 'adapter', status: 'ok', value: 0.5, score: -1 },
      ...{ model: 'mini', samples: 3 },
    }
    const { attributes } = toOtelLog(
      exported({ ...samples.allow, refs: { ...refs, event: 1 }, signal }),
    )
    const found = new Map(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
    for (const [name, id] of Object.entries(refs)) expect(found.get(`lelu.refs.${name}`)).toBe(id)
    expect(found.get('lelu.refs.event')).toBe('1')
    expect(found.get('gen_ai.request.model')).toBe('mini')
    const { model: _, ...told } = signal
    for (const [name, value] of Object.entries(told)) {
      expect(String(found.get(`lelu.signal.${name}`)), name).toBe(String(value))
    }
  })

  it('keeps a number of one type, also when it happens to be whole', () => {
    const attributes = attributesOf('allow')
    expect(attributes.get('lelu.confidence')).toEqual({ doubleValue: 1 })
    expect(attributes.get('lelu.seq')).toEqual({ intValue: '7' })
  })

  it('has the severity of the answer, the event name, and the trace where there is one', () => {
    const severity = (name: string) => toOtelLog(exported(samples[name] ?? {})).severityText
    expect(['allow', 'wait', 'deny', 'failed', 'unknown', 'notRun'].map(severity)).toEqual([
      ...['INFO', 'INFO', 'WARN', 'WARN', 'ERROR', 'INFO'],
    ])
    expect(toOtelLog(exported(samples.traced ?? {}))).toMatchObject({
      eventName: 'lelu.decision',
      timeUnixNano: '1795341600123000000',
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
    })
    const broken = { ...samples.traced, trace: { trace_id: '0'.repeat(32), span_id: 'x' } }
    expect(toOtelLog(exported(broken))).not.toHaveProperty('traceId')
  })

  it('puts the records of each process under a resource of its own', () => {
    const other = exported({ ...samples.allow, stream: '01kar6w0f3zzzzzzzzzzzzzzzz' })
    const { resourceLogs } = toOtlpLogs([...all.slice(0, 3).map(([, one]) => one), other])
    expect(resourceLogs.map(({ scopeLogs }) => scopeLogs[0]?.logRecords.length)).toEqual([3, 1])
  })
})

it('keeps to both formats whatever a record of a forger or a later version holds', () => {
  const ofSamples = Object.values(samples).flatMap((members) => Object.keys(members))
  const names = [...new Set([...ofSamples, 'tenant', 'v', 'trace'])]
  const members = fc.dictionary(fc.constantFrom(...names), fc.jsonValue({ maxDepth: 3 }))
  const kinds = Object.values(samples).map((one) => String(one.kind))
  const kind = fc.oneof(fc.constantFrom(...kinds), fc.string())
  fc.assert(
    fc.property(members, kind, fc.string(), (hostile, kindName, text) => {
      const { seq: _, ...more } = hostile
      const texts = { ts: text, log: text, kind: kindName }
      const one = exported({ ...more, ...texts })
      expect(ocsfProblems(toOcsf(one))).toEqual([])
      expect(otlpProblems(toOtlpLogs([one]))).toEqual([])
    }),
    { numRuns: 500 },
  )
})
