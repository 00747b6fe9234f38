import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Io } from '@lelu/cli/terminal'
import { onTestFinished } from 'vitest'
import type { Place } from '../../src/clients/client.ts'
import { runMcp } from '../../src/run-mcp.ts'

/** A person's computer: a home and a project of its own, gone after the test. */
export type Computer = {
  home: string
  project: string
  place: Place
  /** Runs a command line in the project. */
  run(...argv: string[]): Promise<Answer>
  /** Runs it with more in the environment. */
  runWith(env: Record<string, string>, ...argv: string[]): Promise<Answer>
  /** The text of a file of the project or (`~/…`) of the home. */
  read(path: string): string
  write(path: string, text: string | Buffer): string
  path(path: string): string
}

export type Answer = { code: number; stdout: string; stderr: string }

export function computer(kind: 'project' | 'no project' = 'project'): Computer {
  const root = mkdtempSync(join(tmpdir(), 'lelu-clients-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const home = join(root, 'home')
  const project = join(root, 'project')
  mkdirSync(home)
  mkdirSync(kind === 'project' ? join(project, '.git') : project, { recursive: true })
  const path = (name: string) =>
    name.startsWith('~/') ? join(home, name.slice(2)) : join(project, name)
  const runWith = async (env: Record<string, string>, ...argv: string[]): Promise<Answer> => {
    let stdout = ''
    let stderr = ''
    const io: Io = {
      write: (text) => {
        stdout += text
      },
      writeError: (text) => {
        stderr += text
      },
      readStdin: async () => Buffer.alloc(0),
      ask: async (question) => {
        throw new Error(`nobody is there to answer: ${question}`)
      },
      terminal: { stdin: false, stdout: false, stderr: false },
      env: { HOME: home, PATH: process.env.PATH, ...env },
      signal: new AbortController().signal,
    }
    const code = await runMcp(argv, io, project)
    return { code, stdout, stderr }
  }
  return {
    home,
    project,
    place: { home, cwd: project, platform: process.platform, env: {} },
    runWith,
    run: (...argv) => runWith({}, ...argv),
    read: (name) => readFileSync(path(name), 'utf8'),
    write(name, text) {
      mkdirSync(dirname(path(name)), { recursive: true })
      writeFileSync(path(name), text)
      return path(name)
    },
    path,
  }
}
