import { jsonText } from '../record/json-bytes.ts'
import { pointerParts } from './clear-paths.ts'
import { commitment, commitmentMember, type Opening } from './commit.ts'

/** The digests that stand in a record as bare commitments: they are texts for every reader of the log. */
const committedTexts: readonly string[] = ['/input_digest', '/result/digest', '/match']

/** Whether an opening shows the value that a record committed to. False for whatever is not as it should be; never throws. */
export function openingHolds(record: object, opening: Opening): boolean {
  try {
    const { path, salt: written, value } = opening
    const found = findOwn(record, pointerParts(path))
    const committed = committedTexts.includes(path) ? found : committedOf(found)
    const salt = Buffer.from(written, 'base64')
    if (typeof committed !== 'string' || salt.length !== 32) return false
    if (salt.toString('base64') !== written) return false
    return commitment(salt, path, jsonText(value)) === committed
  } catch {
    return false
  }
}

function committedOf(found: unknown): unknown {
  if (typeof found !== 'object' || found === null || Object.keys(found).length !== 1)
    return undefined
  return Object.hasOwn(found, commitmentMember)
    ? (found as { [member: string]: unknown })[commitmentMember]
    : undefined
}

function findOwn(record: unknown, parts: readonly string[]): unknown {
  let found: unknown = record
  for (const part of parts) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, part)) return undefined
    if (Array.isArray(found) && !/^(?:0|[1-9]\d*)$/.test(part)) return undefined
    found = (found as { [member: string]: unknown })[part]
  }
  return found
}
