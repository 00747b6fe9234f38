import { type Members, object, text } from './exported.ts'

/** A record in one line: `decision deny: trade by trader-1`, `approval.decided approve: trade by trader-1 (reviewer bob)`. */
export function sentenceOf(record: Members): string {
  const { kind, decision, vote, result, scope, state, tool, agent, reviewer } = record
  const word = text(decision) ?? text(vote) ?? text(object(result).status) ?? text(state)
  const action = text(object(tool).name)
  const by = text(object(agent).id)
  const who = text(object(reviewer).id)
  const about = [action, by && `by ${by}`, text(scope)].filter((part) => part !== undefined)
  const head = [text(kind) ?? 'record', word].filter((part) => part !== undefined).join(' ')
  const tail = about.length === 0 ? '' : `: ${about.join(' ')}`
  return `${head}${tail}${who === undefined ? '' : ` (reviewer ${who})`}`
}
