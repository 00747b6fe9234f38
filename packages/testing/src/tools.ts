import { appendFileSync, closeSync, existsSync, fsyncSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const schema: z.ZodObject<{
  amount: z.ZodCoercedNumber
  note: z.ZodDefault<z.ZodString>
}> = z.object({
  amount: z.coerce.number().max(1_000_000),
  note: z.string().default('none'),
})

/** What each tool of the suite takes, as its schema parsed it: `amount` up to 1 000 000, `note` by default `none`. */
export type SuiteInput = z.infer<typeof schema>

/** A tool as the harness hands it to its framework. `input` is what the framework parsed with the schema. */
export type SuiteTool = {
  name: string
  description: string
  schema: typeof schema
  run(input: SuiteInput): Promise<string>
}

/** What `note` is by default once the tools have changed. */
export const changedNote = 'changed'

const changedSchema: typeof schema = schema.extend({ note: z.string().default(changedNote) })

/** Where the process dies in a tool: before it did something, or after. */
export type KillPoint = 'before-effect' | 'after-effect'

/** One thing that a tool of the suite did to the world, with the input it ran with. */
export type Effect = { tool: string; input: SuiteInput }

const ledger = (directory: string) => join(directory, 'ledger.jsonl')

/** The effect of a tool in the world: a line on the disk, which outlives the process that is killed right after. */
function record(directory: string, effect: Effect): void {
  const file = openSync(ledger(directory), 'a')
  appendFileSync(file, `${JSON.stringify(effect)}\n`)
  fsyncSync(file)
  closeSync(file)
}

/** What the tools did in this directory, in order, over all processes. */
export function effectsIn(directory: string): Effect[] {
  const file = ledger(directory)
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Effect)
}

const names = [
  'allowed',
  'reviewed',
  'denied',
  'trade',
  'allowed_fails',
  'allowed_slow',
  'reviewed_fails',
  'reviewed_slow',
  'constructor',
]

export type ToolChoices = {
  killAt?: KillPoint | undefined
  /** The schema of every tool is another one than before: it fills in other defaults. */
  changed?: boolean | undefined
  /** Told when a tool begins. */
  onRun?: () => void
}

/** The tools of the suite. Their names say what `suitePolicy` decides. */
export function suiteTools(
  directory: string,
  { killAt, changed, onRun }: ToolChoices = {},
): SuiteTool[] {
  const die = () => process.kill(process.pid, 'SIGKILL')
  return names.map((name) => ({
    name,
    description: `Does ${name}.`,
    schema: changed ? changedSchema : schema,
    async run(input) {
      onRun?.()
      if (killAt === 'before-effect') die()
      if (name.endsWith('_slow')) await new Promise((done) => setTimeout(done, 150))
      record(directory, { tool: name, input })
      if (killAt === 'after-effect') die()
      if (name.endsWith('_fails')) throw new Error(`${name} went wrong`)
      return `${name} did ${input.amount}`
    },
  }))
}
