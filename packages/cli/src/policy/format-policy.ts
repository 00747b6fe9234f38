import { randomBytes } from 'node:crypto'
import { open, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { CommandContext } from '../command-context.ts'
import { CliError } from '../fail.ts'
import { painter, report, safeText } from '../print.ts'
import { findRegoFiles, readSource } from './rego-files.ts'

type FormatOptions = { write?: boolean; upgrade?: boolean }
type Change = { file: string; source: string }

/** `policy fmt`: all files are read and formatted before the first is written, so a broken one changes nothing. */
export async function formatPolicy(
  context: CommandContext,
  paths: string[],
  { write = false, upgrade = false }: FormatOptions,
): Promise<void> {
  const found = await Promise.all(paths.map(findRegoFiles))
  const files = [...new Set(found.flat())]
  if (files.length === 0) {
    throw new CliError('LELU_POLICY_NOT_FOUND', `There is no .rego file in ${paths.join(', ')}.`, {
      help: 'Pass the folder of your Rego files, or the files.',
    })
  }
  const changes = await findChanges(files, upgrade)
  if (write) for (const change of changes) await replaceFile(change)
  else if (changes.length > 0) context.setExitCode(1)
  const names = changes.map(({ file }) => file)
  const paint = painter(context.io)
  const word = write ? 'formatted' : paint('yellow', 'not formatted')
  const lines = names.map((name) => `${word}  ${safeText(name)}`)
  lines.push(`${files.length - names.length} of ${files.length} files were formatted already`)
  if (!write && names.length > 0) lines.push('Run it again with --write to format the others.')
  report(context, { files: files.length, [write ? 'written' : 'unformatted']: names }, lines)
}

async function findChanges(files: string[], upgrade: boolean): Promise<Change[]> {
  const { format } = await import('@lelu/rego')
  const changes: Change[] = []
  for (const file of files) {
    const answer = await format({ path: file, source: await readSource(file), upgrade })
    if (answer.changed) changes.push({ file, source: answer.source })
  }
  return changes
}

/** Writes beside the file and renames over it: a full disk leaves the policy as it was. */
async function replaceFile({ file: name, source }: Change): Promise<void> {
  const file = await realpath(name) // a link stays a link
  const { mode } = await stat(file)
  const temporary = join(dirname(file), `.${randomBytes(6).toString('hex')}.tmp`)
  try {
    const handle = await open(temporary, 'wx', mode & 0o777)
    try {
      await handle.writeFile(source)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}
