import { readdir, readFile, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { CliError } from '../fail.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** The Rego files of a folder (or the file itself), sorted; names that begin with a dot are left out. */
export async function findRegoFiles(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path]
  // Links to folders are not followed: they may lead in a circle.
  const entries = await readdir(path, { withFileTypes: true, recursive: true })
  return entries
    .filter((entry) => !entry.isDirectory() && entry.name.endsWith('.rego'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter(
      (file) =>
        !relative(path, file)
          .split(sep)
          .some((name) => name.startsWith('.')),
    )
    .sort()
}

/** Reads UTF-8, and says so when it is not: a replaced character would be another policy. */
export async function readSource(file: string): Promise<string> {
  const bytes = await readFile(file)
  try {
    return utf8.decode(bytes)
  } catch (cause) {
    throw new CliError('LELU_INPUT_INVALID', `${file} is not UTF-8 text.`, {
      help: 'Save it as UTF-8.',
      cause,
      details: { path: file },
    })
  }
}
