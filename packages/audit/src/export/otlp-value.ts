/** A value in the JSON encoding of OTLP: 64-bit integers are texts. */
export type OtlpValue =
  | { stringValue: string }
  | { boolValue: boolean }
  | { intValue: string }
  | { doubleValue: number }

/** An attribute in the JSON encoding of OTLP. */
export type OtlpAttribute = { key: string; value: OtlpValue }

export function otlpValue(value: string | number | boolean): OtlpValue {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value }
}

/** The members that have a value. A number stays what it is named for: a confidence of 1 is a double, too. */
export function otlpAttributes(
  members: Record<string, string | number | boolean | undefined>,
  doubles: readonly string[] = [],
): OtlpAttribute[] {
  return Object.entries(members).flatMap(([key, value]) => {
    if (value === undefined) return []
    const isDouble = typeof value === 'number' && doubles.includes(key)
    return [{ key, value: isDouble ? { doubleValue: value } : otlpValue(value) }]
  })
}
