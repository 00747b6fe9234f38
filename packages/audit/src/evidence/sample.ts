import { hash } from 'node:crypto'

/** A decision that was drawn: its record's stored line, and where it stands. */
export type Drawn = { id: string; stream: string; seq: number; line: Buffer }

/**
 * Draws so many decisions: those whose ids have the smallest SHA-256. Nobody chooses them, and whoever has the whole
 * population draws the same ones again.
 */
export function createSample(count: number): {
  offer(decision: Drawn): void
  readonly drawn: readonly Drawn[]
} {
  let drawn: { key: string; decision: Drawn }[] = []
  return {
    offer(decision) {
      if (count === 0) return
      const key = hash('sha256', decision.id)
      const last = drawn.at(-1)
      if (drawn.length === count && last !== undefined && key >= last.key) return
      // A copy: the line is a view of a buffer that is read into again.
      drawn.push({ key, decision: { ...decision, line: Buffer.from(decision.line) } })
      drawn = drawn.sort((a, b) => (a.key < b.key ? -1 : 1)).slice(0, count)
    },
    get drawn() {
      return drawn.map(({ decision }) => decision)
    },
  }
}
