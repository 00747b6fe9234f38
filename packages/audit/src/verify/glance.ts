import type { Paired } from './unfinished.ts'

/**
 * The few things that verifying wants of most records. `paired` when the record begins or ends a call. Texts may be slices:
 * each keeps all the lines that are looked into in memory for as long as it is remembered.
 */
export type Glance = { kind: string; ts: string; paired: Paired | undefined }

/** Looks into lines of a stream. */
export type Glancer = {
  /** Goes on to other lines. `text` may be their bytes as Latin-1: only ASCII is looked at. */
  over(text: string): void
  /**
   * What the line says that begins and ends there, which lies behind the one before. Undefined where it has to be parsed.
   * `prev` is what the record has to be linked to.
   */
  look(start: number, end: number, seq: number, prev: string): Glance | undefined
  /** Whether the line has the members `prev` and `seq` with these values. Asked after `look`. */
  follows(start: number, end: number, seq: number, prev: string): boolean
}

const [quote, backslash] = [34, 92]
const sumLength = 22
const timeLength = '2026-11-22T10:00:00.000Z'.length
const beforeTime = '"ts":"'
const behindTime = '","v":1,"~sum":"'
const timeFromEnd = timeLength + behindTime.length + sumLength + 2
const beforeDecision = '"refs":{"decision":"'

/** The kinds that most records have; of the others, whole records are wanted. */
const frequent = [
  'decision',
  'outcome',
  'approval.requested',
  'approval.decided',
  'token.minted',
  'heartbeat',
] as const

/** A key that is looked for, and the place where it was found last. */
type Key = { head: string; tail: string; found: number }

/**
 * The search is for `tail`, which begins with a letter that is rare in records, and so is found by a search for single
 * bytes: quotes are everywhere, and hexadecimal digits in every digest.
 */
const key = (head: string, tail: string): Key => ({ head, tail, found: -1 })

/**
 * Reads what is wanted off the canonical texts of records, in a quarter of the time that parsing takes. A key with its
 * quotes cannot stand inside a string, where quotes are escaped; so of a member that each record has, a key that stands
 * once in the line is the record's own.
 */
export function createGlancer(stream: string): Glancer {
  let text = ''
  const kinds = key('"', 'kind":"')
  const decisions = key('"de', 'cision":"')
  const refs = key('"re', 'fs":')
  const prevs = key('"pre', 'v":"')
  const seqs = key('"se', 'q":')
  const all = [kinds, decisions, refs, prevs, seqs]
  // Members are sorted: what comes after `kind` need not be looked for before it.
  let kindAt = -1

  /**
   * Where a key stands next, from growing places on. What was found is kept, so that the text is searched once and not once
   * a line.
   */
  function next(key: Key, from: number): number {
    if (key.found >= from) return key.found
    const { head, tail } = key
    let at = text.indexOf(tail, from + head.length)
    while (at !== -1 && !text.startsWith(head, at - head.length)) at = text.indexOf(tail, at + 1)
    key.found = at === -1 ? Number.POSITIVE_INFINITY : at - head.length
    return key.found
  }

  /** Where the value of a key begins. */
  const valueAt = (key: Key, from: number): number =>
    next(key, from) + key.head.length + key.tail.length

  /** Where the value of a key begins that stands once in the line; -1 where it does not. */
  function onlyAt(key: Key, start: number, end: number): number {
    const at = valueAt(key, start)
    return at < end && next(key, at) >= end ? at : -1
  }

  /** As `startsWith`, which compares letter by letter: of what is long that takes three times as long. */
  const stands = (value: string, at: number): boolean =>
    text.substring(at, at + value.length) === value

  const isText = (at: number, value: string): boolean =>
    at !== -1 && stands(value, at) && text[at + value.length] === '"'

  /** The text behind `before`, when that stands at `at` and the text has no escapes and no bytes beyond ASCII. */
  function textAt(at: number, before: string): string | undefined {
    if (!stands(before, at)) return undefined
    const start = at + before.length
    for (let end = start; ; end += 1) {
      const code = text.charCodeAt(end)
      if (code === quote) return text.slice(start, end)
      if (!(code >= 32 && code <= 126) || code === backslash) return undefined
    }
  }

  function pairedDecision(start: number, end: number, seq: number): Paired | null | undefined {
    const at = onlyAt(decisions, start, end)
    if (!isText(at, 'allow')) {
      return isText(at, 'deny') || isText(at, 'require_approval') ? null : undefined
    }
    // One that has refs may be that of an approval.
    const refsAt = next(refs, start)
    if (refsAt < end && !stands('"refs":{}', refsAt)) return undefined
    if (refsAt < end && next(refs, refsAt + 1) < end) return undefined
    const id = textAt(at + 'allow'.length, '","id":"')
    return id === undefined ? id : { kind: 'decision', stream, seq, id, decision: 'allow' }
  }

  /** Refs right behind the record's own `prev` are the record's own. */
  function pairedOutcome(seq: number, prev: string): Paired | undefined {
    const prevAt = valueAt(prevs, kindAt)
    if (!stands(prev, prevAt)) return undefined
    const at = prevAt + prev.length + '",'.length
    const decision = textAt(at, beforeDecision)
    if (decision === undefined) return undefined
    const ended = stands('"}', at + beforeDecision.length + decision.length)
    return ended ? { kind: 'outcome', stream, seq, refs: { decision } } : undefined
  }

  return {
    over(lines) {
      text = lines
      for (const one of all) one.found = -1
    },
    look(start, end, seq, prev) {
      kindAt = -1
      const at = end - timeFromEnd
      if (!stands(beforeTime, at - beforeTime.length)) return undefined
      if (!stands(behindTime, at + timeLength)) return undefined
      kindAt = onlyAt(kinds, start, end)
      const kind = frequent.find((one) => isText(kindAt, one))
      if (kind === undefined) return undefined
      let paired: Paired | null | undefined = null
      if (kind === 'decision') paired = pairedDecision(start, end, seq)
      if (kind === 'outcome') paired = pairedOutcome(seq, prev)
      if (paired === undefined) return undefined
      return { kind, ts: text.slice(at, at + timeLength), paired: paired ?? undefined }
    },
    follows(start, end, seq, prev) {
      const prevAt = valueAt(prevs, Math.max(start, kindAt))
      const seqAt = valueAt(seqs, Math.min(prevAt, end))
      const fits = isText(prevAt, prev) && stands(`${seq},`, seqAt)
      if (fits && prevAt < end && seqAt < end) return true
      // The first may be within something else.
      const line = text.slice(start, end)
      return line.includes(`"prev":"${prev}"`) && line.includes(`"seq":${seq},`)
    },
  }
}
