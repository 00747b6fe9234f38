import { z } from 'zod'

/** Which orders. Every part that is not null must hold; the model never writes SQL. */
export const whereSchema = z.strictObject({
  customer: z.string().nullable().describe('The name of the customer, or null for all.'),
  status: z.enum(['open', 'closed']).nullable().describe('Or null for both.'),
  placed_before: z.iso.date().nullable().describe('YYYY-MM-DD, not included; null for any day.'),
})

export type Where = z.infer<typeof whereSchema>

const conditions = {
  customer: 'customer_id = (SELECT id FROM customers WHERE name = ?)',
  status: 'status = ?',
  placed_before: 'placed < ?',
} as const

/** The filter for SQL: fixed words, with the model's values only as parameters. */
export function conditionOf(where: Where): { sql: string; values: string[] } {
  const parts = Object.entries(conditions).flatMap(([name, sql]) => {
    const value = where[name as keyof Where]
    return value === null ? [] : [{ sql, value }]
  })
  const sql = parts.map((part) => part.sql).join(' AND ') || 'TRUE'
  return { sql, values: parts.map(({ value }) => value) }
}
