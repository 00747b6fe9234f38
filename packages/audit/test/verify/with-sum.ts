import { sumTail } from '../../src/record/line.ts'

/** The line of a record whose canonical text is given: what whoever forges a record can write as well. */
export const withSum = (text: string): string => `${text.slice(0, -1)}${sumTail(text)}`
