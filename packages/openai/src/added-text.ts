import { type AddedField, type Json, takeField } from '@lelu/engine/adapter'

const { rawJSON } = JSON as unknown as { rawJSON(text: string): Json }

function asWritten(_key: string, value: Json, { source = '' }: { source?: string }): Json {
  return typeof value === 'number' ? rawJSON(source) : value
}

/**
 * What the model wrote, without the field that was added for the reader. Numbers stay as they are written: the tool's own
 * parser may hold more digits than a double, as for long ids.
 */
export function textWithout(text: string, field: AddedField | undefined): string {
  const written = JSON.parse(text, asWritten as Parameters<typeof JSON.parse>[1]) as Json
  return JSON.stringify(takeField(written, field).input)
}
