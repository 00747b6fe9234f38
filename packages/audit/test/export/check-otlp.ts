/** Fields of opentelemetry-proto v1 (logs.proto, common.proto, resource.proto) by their JSON names. */
const fields: Record<string, Record<string, string>> = {
  request: { resourceLogs: 'resourceLogs[]' },
  resourceLogs: { resource: 'resource', scopeLogs: 'scopeLogs[]', schemaUrl: 'string' },
  resource: { attributes: 'keyValue[]', droppedAttributesCount: 'uint32' },
  scopeLogs: { scope: 'scope', logRecords: 'logRecord[]', schemaUrl: 'string' },
  scope: { name: 'string', version: 'string', attributes: 'keyValue[]' },
  logRecord: {
    timeUnixNano: 'uint64',
    observedTimeUnixNano: 'uint64',
    severityNumber: 'severity',
    severityText: 'string',
    body: 'anyValue',
    attributes: 'keyValue[]',
    droppedAttributesCount: 'uint32',
    flags: 'uint32',
    traceId: 'hex32',
    spanId: 'hex16',
    eventName: 'string',
  },
  keyValue: { key: 'string', value: 'anyValue' },
  anyValue: { stringValue: 'string', boolValue: 'bool', intValue: 'int64', doubleValue: 'double' },
}

const scalars: Record<string, (value: unknown) => boolean> = {
  string: (value) => typeof value === 'string',
  bool: (value) => typeof value === 'boolean',
  // 64-bit integers are decimal texts in the JSON of protobuf.
  uint64: (value) => typeof value === 'string' && /^(0|[1-9]\d{0,19})$/.test(value),
  int64: (value) => typeof value === 'string' && /^-?(0|[1-9]\d{0,18})$/.test(value),
  uint32: (value) => Number.isInteger(value),
  double: (value) => typeof value === 'number' && Number.isFinite(value),
  // Enumerations are numbers in OTLP, never names; 0 must not be used.
  severity: (value) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 24,
  // Ids are hexadecimal in OTLP, not base64, and not all zeroes.
  hex32: (value) => /^(?!0+$)[0-9a-f]{32}$/.test(String(value)),
  hex16: (value) => /^(?!0+$)[0-9a-f]{16}$/.test(String(value)),
}

/** What a request body breaks of the JSON encoding of OTLP logs. */
export function otlpProblems(value: unknown, type = 'request', path = ''): string[] {
  if (type.endsWith('[]')) {
    if (!Array.isArray(value)) return [`${path} is no list`]
    return value.flatMap((one, at) => otlpProblems(one, type.slice(0, -2), `${path}[${at}]`))
  }
  const scalar = scalars[type]
  if (scalar !== undefined) return scalar(value) ? [] : [`${path} is no ${type}`]
  if (typeof value !== 'object' || value === null) return [`${path} is no ${type}`]
  const known = fields[type] ?? {}
  const members = Object.entries(value)
  if (type === 'anyValue' && members.length !== 1) return [`${path} has not one value`]
  return members.flatMap(([name, member]) => {
    const inner = Object.hasOwn(known, name) ? known[name] : undefined
    if (inner === undefined) return [`${path}.${name} is no field`]
    return otlpProblems(member, inner, `${path}.${name}`)
  })
}
