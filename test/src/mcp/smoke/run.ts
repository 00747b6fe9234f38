import { execFile } from 'node:child_process'

export type Answer = { code: number; output: string }

/** Runs a command to its end, within two minutes unless told (ms). No failure but a code. */
export function run(
  command: string,
  argv: readonly string[],
  folder: string,
  env: NodeJS.ProcessEnv,
  timeout = 120_000,
): Promise<Answer> {
  return new Promise((resolve) => {
    const options = { cwd: folder, env, timeout, maxBuffer: 16 * 1024 * 1024 }
    const child = execFile(command, [...argv], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : (child.exitCode ?? 1), output: `${stdout}${stderr}` })
    })
    child.stdin?.end()
  })
}
