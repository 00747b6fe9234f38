import type { Answer, Question } from './wire.ts'

type Script = {
  where: Record<string, string | null>
  /** How one in two of the second opinions understands it. */
  other?: Record<string, string | null>
}

const any = { customer: null, status: null, placed_before: null }

/** What the scripted model can be asked. */
const scripts: Record<string, Script> = {
  'Delete the closed orders of Initech.': {
    where: { ...any, customer: 'Initech', status: 'closed' },
  },
  'Delete every closed order from before 2024.': {
    where: { ...any, status: 'closed', placed_before: '2024-01-01' },
  },
  'Delete the old closed orders of Hooli.': {
    where: { ...any, customer: 'Hooli', status: 'closed', placed_before: '2026-01-01' },
    other: { ...any, customer: 'Hooli', status: 'closed', placed_before: '2024-01-01' },
  },
  'Delete the open orders of Globex.': { where: { ...any, customer: 'Globex', status: 'open' } },
  'Delete all orders.': { where: any },
}

let opinions = 0

/** A model that needs no key: it knows its scripts, counts, deletes, and repeats what it is told. */
export function answerTo({ model, messages }: Question): Answer {
  const at = messages.findLastIndex(({ role }) => role === 'user')
  const script = scripts[String(messages[at]?.content)]
  if (script === undefined) {
    return {
      text: `My script has no answer to that. Ask one of: ${Object.keys(scripts).join(' ')}`,
    }
  }
  const answers = messages.slice(at + 1).filter(({ role }) => role === 'tool')
  const told = String(answers.at(-1)?.content)
  const { where, other = where } = script
  if (answers.length === 0) return { calls: [{ name: 'count_orders', input: { where } }] }
  if (answers.length > 1) return { text: `I was told: ${told}` }
  const disagrees = model === 'scripted-second' && opinions++ % 2 === 1
  const input = { where: disagrees ? other : where, expected: JSON.parse(told) }
  return { calls: [{ name: 'delete_orders', input }] }
}
