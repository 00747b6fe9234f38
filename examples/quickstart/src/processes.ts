import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Layout, root } from './layout.ts'
import { command, printed, StoryError } from './story.ts'

export type Finished = { code: number | null; stdout: string; stderr: string }

/** What a run of the agent answers: the last line that `agent.ts` prints. */
export type AgentResult = {
  status: 'answered' | 'suspended' | 'nothing to do'
  pending: { approvalId: string; tool: string }[]
  answer?: string
}

const source = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const cli = join(root, 'packages', 'cli', 'src', 'bin.ts')

/** Runs a TypeScript file in a Node process of its own, a minute at most. */
export function runNode(file: string, words: string[], layout: Layout): Promise<Finished> {
  const own = {
    LELU_DIRECTORY: layout.lelu,
    NO_COLOR: '1',
    // Many short processes load the same modules: Node keeps what it has compiled.
    NODE_COMPILE_CACHE: join(layout.directory, 'node-cache'),
  }
  const env = { ...process.env, ...own }
  const nodeWords = ['--conditions=lelu:source', file, ...words]
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, nodeWords, {
      cwd: root,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 60_000,
    })
    let [stdout, stderr] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}

/** Runs the `lelu` command, shows it with what it printed, and expects it to do its work, or to fail. */
export async function lelu(
  words: string[],
  layout: Layout,
  expected: 'works' | 'fails' = 'works',
): Promise<string> {
  command(['lelu', ...words])
  const { code, stdout, stderr } = await runNode(cli, words, layout)
  printed(stdout + stderr)
  if ((code === 0) !== (expected === 'works')) {
    throw new StoryError(`lelu ended with exit code ${code}; it ${expected} in this story.`)
  }
  return stdout + stderr
}

/** Runs the agent in a process of its own; it has ended when this answers. */
export async function agent(words: string[], layout: Layout): Promise<AgentResult> {
  command(['agent', ...words])
  const { code, stdout, stderr } = await runNode(source('./agent.ts'), words, layout)
  const lastLine = stdout.trimEnd().split('\n').at(-1) ?? ''
  if (code !== 0 || lastLine === '') {
    throw new StoryError(`The agent failed (exit code ${code}).\n${stderr}`)
  }
  const result = JSON.parse(lastLine) as AgentResult
  const waiting = result.pending.map(
    ({ tool, approvalId }) => `${tool} waits for approval ${approvalId}`,
  )
  printed(
    [result.status, ...waiting, ...(result.answer === undefined ? [] : [result.answer])].join('\n'),
  )
  return result
}

/** Runs another script of this folder and answers what it printed. */
export async function runScript(file: string, words: string[], layout: Layout): Promise<string> {
  const { code, stdout, stderr } = await runNode(source(file), words, layout)
  if (code !== 0) throw new StoryError(`${file} failed (exit code ${code}).\n${stderr}`)
  return stdout
}
