import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Archive } from './archive.ts'
import { archiveSteps } from './archive-steps.ts'
import { attackSteps } from './attack-steps.ts'
import { layoutOf, policies, root, shown } from './layout.ts'
import { modelKind } from './model.ts'
import { decideByCommand, decideByPerson } from './reviewer.ts'
import { type Story, steps } from './steps.ts'
import { heading, line, StoryError, say } from './story.ts'

const usage = `Usage: main.ts [--interactive] [--s3] [--directory DIR]

  --interactive    you are the reviewer: the story stops and waits for you
  --s3             archives the log in a bucket with Object Lock, in an S3 server on this machine
  --directory DIR  where the files go, an empty folder (default examples/quickstart/.run)`

const ownDirectory = resolve(root, 'examples/quickstart/.run')

function readWords() {
  try {
    const options = {
      interactive: { type: 'boolean', default: false },
      s3: { type: 'boolean', default: false },
      directory: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    } as const
    return parseArgs({ options }).values
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`)
    return process.exit(2)
  }
}

const { interactive, s3, directory, help } = readWords()
if (help) {
  console.log(usage)
  process.exit(0)
}

// Only the story's own folder is emptied: a folder that somebody names may hold a log that matters.
if (directory === undefined) rmSync(ownDirectory, { recursive: true, force: true })
const layout = layoutOf(resolve(directory ?? ownDirectory))
mkdirSync(layout.directory, { recursive: true })
if (readdirSync(layout.directory).length > 0) {
  console.error(`${layout.directory} is not empty. Name a folder that is, or none.`)
  process.exit(2)
}

line('Lelu quickstart: an agent that trades, a policy, a reviewer, and a log.')
line('Every command below is a process of its own.')
line()
line(
  `  model    ${modelKind()}${modelKind() === 'scripted' ? ' (set OPENAI_API_KEY for a real one)' : ''}`,
)
line(`  policy   ${shown(policies)}`)
line(`  ledger   ${shown(layout.ledger)} (what the tools did)`)
line(`  lelu     ${shown(layout.lelu)} (approvals, keys, audit log)`)
line()
line('To type the commands yourself, in the folder of the repository:')
line()
line(`  export LELU_DIRECTORY=${shown(layout.lelu)}`)
line("  alias lelu='npx -y pnpm@12 --silent lelu'")
line("  alias agent='npx -y pnpm@12 --silent exec node \\")
line("    --conditions=lelu:source examples/quickstart/src/agent.ts'")

const story: Story = {
  layout,
  approvalId: '',
  decide: interactive ? decideByPerson : decideByCommand,
  verdict: 'approved',
}

let archive: Archive | undefined
try {
  if (s3) {
    const { startArchive } = await import('./archive.ts') // only then: it brings a whole S3 server along
    archive = await startArchive()
    Object.assign(process.env, archive.env)
    say(`archive  ${archive.url}`)
  }
  const last = archive === undefined ? [] : archiveSteps(archive)
  for (const [index, step] of [...steps, ...attackSteps, ...last].entries()) {
    heading(index + 1, step.title)
    await step.play(story)
  }
  line()
  say('The story holds: every line marked ok was checked, not only printed.')
  if (!interactive) say('With --interactive you are the reviewer.')
} catch (error) {
  if (!(error instanceof StoryError)) throw error
  line()
  console.error(`The story does not hold. ${error.message}`)
  process.exitCode = 1
} finally {
  await archive?.stop()
}
