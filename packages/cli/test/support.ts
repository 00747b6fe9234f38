import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  createLelu,
  type DecisionRequest,
  type Lelu,
  type Policy,
  type PolicyAnswer,
  type Requirement,
} from '@lelu/engine'
import { onTestFinished } from 'vitest'
import { type Io, runCli } from '../src/index.ts'

export const bin: string = fileURLToPath(new URL('../src/bin.ts', import.meta.url))

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lelu-cli-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export type Answer = { code: number | null; stdout: string; stderr: string }

type Surroundings = {
  stdin?: string
  env?: Record<string, string>
  /** Standard input, output and error are a terminal. */
  terminal?: boolean
  /** How wide the terminal is. */
  columns?: number
  /** What the person at the terminal answers. */
  answer?: string
  signal?: AbortSignal
  /** Gets all that was printed so far. */
  onWrite?: (stdout: string) => void
}

/** Runs a command line inside this process, over a made-up terminal. Questions asked are in `questions`. */
export async function run(
  argv: readonly string[],
  { stdin = '', env = {}, terminal = false, columns, answer, signal, onWrite }: Surroundings = {},
): Promise<Answer & { questions: string[] }> {
  const questions: string[] = []
  let stdout = ''
  let stderr = ''
  const io: Io = {
    write: (text) => {
      stdout += text
      onWrite?.(stdout)
    },
    writeError: (text) => {
      stderr += text
    },
    readStdin: async () => Buffer.from(stdin),
    ask: async (question) => {
      questions.push(question)
      if (answer === undefined) throw new Error(`nobody is there to answer: ${question}`)
      return answer
    },
    terminal: { stdin: terminal, stdout: terminal, stderr: terminal, columns },
    env,
    signal: signal ?? new AbortController().signal,
  }
  const code = await runCli(argv, io)
  return { code, stdout, stderr, questions }
}

type ProcessOptions = {
  cwd?: string
  stdin?: string | Buffer
  env?: Record<string, string>
  node?: string[]
  /** Whose process it is: root alone may say that. */
  uid?: number | undefined
}

/** Runs the real bin in a process of its own, with nothing of this process's environment but PATH. */
export function runBin(argv: readonly string[], options: ProcessOptions = {}): Promise<Answer> {
  const { cwd = tmpdir(), stdin = '', env = {}, node = [], uid } = options
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--conditions=lelu:source', ...node, bin, ...argv], {
      cwd,
      env: { PATH: process.env.PATH, ...env },
      ...(uid !== undefined && { uid }),
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk) => {
      stdout += chunk
    })
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
    child.stdin.on('error', () => {}) // the command may have ended before it read everything
    child.stdin.end(stdin)
  })
}

/** A policy made from a function's answer; what is left out is empty. */
export function policyOf(answer: Partial<PolicyAnswer>): Policy {
  return {
    revision: 'test',
    evaluate: () => ({ effect: 'deny', reasons: [], obligations: [], requirements: [], ...answer }),
  }
}

export function requirement(more: Partial<Requirement> = {}): Requirement {
  return { id: 'not_sure_enough', quorum: 1, reviewers: null, expiresInMs: null, ...more }
}

export function trade(more: Partial<DecisionRequest> = {}): DecisionRequest {
  return {
    subject: { id: 'trader-1', type: 'agent', actingFor: { id: 'alice', type: 'user' } },
    call: { id: 'call-1', tool: 'trade', input: { symbol: 'ACME', amount: 100 } },
    confidence: { method: 'verbalized', trust: 'claimed', value: 0.85, score: 1.73 },
    ...more,
  }
}

/** Runs `use` with an engine of the directory whose policy asks for approval, and closes it. */
export async function withEngine<T>(
  directory: string,
  use: (lelu: Lelu) => Promise<T>,
  requirements: Requirement[] = [requirement()],
): Promise<T> {
  const reasons = [{ id: 'not_sure_enough', message: 'The agent is not sure enough.' }]
  const policies = policyOf({ effect: 'require_approval', reasons, requirements })
  const lelu = await createLelu({ directory, policies })
  try {
    return await use(lelu)
  } finally {
    await lelu.close()
  }
}

/** Suspends a call in a directory and answers its approval's id. */
export function suspended(
  directory: string,
  request: DecisionRequest = trade(),
  requirements?: Requirement[],
): Promise<string> {
  const suspend = async (lelu: Lelu) => {
    const outcome = await lelu.guard(request, () => {
      throw new Error('the tool ran without an approval')
    })
    if (outcome.status !== 'suspended') throw new Error(`expected suspended, got ${outcome.status}`)
    return outcome.approval.id
  }
  return withEngine(directory, suspend, requirements)
}

/** A directory with one suspended trade. */
export async function queueOfOne(): Promise<{ directory: string; id: string }> {
  const directory = join(temporaryFolder(), 'lelu')
  return { directory, id: await suspended(directory) }
}

export function writeRequest(folder: string, request: DecisionRequest = trade()): string {
  const file = join(folder, 'request.json')
  writeFileSync(file, JSON.stringify(request))
  return file
}
