import { existsSync } from 'node:fs'
import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import type { CommandContext } from '../command-context.ts'
import type { Io } from '../io.ts'
import { makeDirectory } from '../make-directory.ts'
import { withEngine } from '../open-engine.ts'
import { safeText, writeJson } from '../print.ts'
import { starterFiles } from './starter.ts'

type Made = { made: string[]; kept: string[]; changed: string[] }

/** `init`: makes what is missing and says so; what is there already is never touched. */
export async function init({ io, globals }: CommandContext, folder = '.'): Promise<void> {
  const { directory: name, directoryGiven, json } = globals()
  const directory = directoryGiven ? name : join(folder, name)
  const done: Made = { made: [], kept: [], changed: [] }
  try {
    for (const { path, text } of starterFiles) await makeFile(join(folder, path), text, done)
    // Before the keys, which must never stand in a repository that does not ignore them.
    await ignoreDirectory(folder, directory, done)
    await openDirectory({ directory, policies: join(folder, 'policies'), env: io.env }, done)
  } catch (error) {
    // What was made before the failure stays, so it is named.
    if (!json) for (const line of madeLines(done)) io.writeError(`${line}\n`)
    throw error
  }
  if (json) writeJson(io, { ...done, directory, policies: join(folder, 'policies') })
  else io.write(`${summary(done, folder, directory).join('\n')}\n`)
}

async function makeFile(file: string, text: string, done: Made): Promise<void> {
  await makeDirectory(dirname(file))
  try {
    await writeFile(file, text, { flag: 'wx' })
    done.made.push(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    done.kept.push(file)
  }
}

type Directory = { directory: string; policies: string; env: Io['env'] }

/** Keys, an empty queue and the compiled policy, made by the engine's own opening of the directory. */
async function openDirectory(options: Directory, done: Made): Promise<void> {
  const { directory } = options
  if (existsSync(join(directory, 'keys', 'keyring.json'))) {
    done.kept.push(directory)
    return
  }
  const before = existsSync(directory) ? await readdir(directory) : undefined
  await withEngine(options, async () => {})
  // Of a folder that was there, only what came into it may be undone.
  const after = (await readdir(directory)).filter((name) => !before?.includes(name))
  done.made.push(
    ...(before === undefined ? [directory] : after.map((name) => join(directory, name))),
  )
}

/** Keys and inputs of tools must not end up in a repository. */
async function ignoreDirectory(folder: string, directory: string, done: Made): Promise<void> {
  const inside = relative(resolve(folder), resolve(directory))
  if (inside === '' || inside.startsWith('..') || isAbsolute(inside)) return
  const name = inside.split(sep).join('/')
  const file = join(folder, '.gitignore')
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  const known = [name, `${name}/`, `/${name}`, `/${name}/`]
  if (text?.split(/\r?\n/).some((line) => known.includes(line.trim()))) {
    done.kept.push(file)
    return
  }
  const start = text === undefined || text === '' || text.endsWith('\n') ? '' : '\n'
  await appendFile(file, `${start}${name}/\n`)
  done[text === undefined ? 'made' : 'changed'].push(file)
}

function summary({ made, kept, changed }: Made, folder: string, directory: string): string[] {
  const policies = safeText(join(folder, 'policies'))
  const option = directory === '.lelu' ? '' : ` --directory ${safeText(directory)}`
  const undo = [
    ...(made.length > 0 ? [`  rm -r ${made.map(shellWord).join(' ')}`] : []),
    ...changed.map((file) => `  remove the last line of ${safeText(file)}`),
  ]
  return [
    ...madeLines({ made, kept, changed }),
    '',
    'Next',
    `  lelu policy test ${policies}`,
    `  lelu decide --policies ${policies} --input request.json${option}`,
    `  lelu approvals list${option}`,
    ...(undo.length > 0 ? ['', 'To undo', ...undo] : []),
  ]
}

function madeLines({ made, kept, changed }: Made): string[] {
  return [
    ...made.map((file) => `made     ${safeText(file)}`),
    ...changed.map((file) => `changed  ${safeText(file)}: added one line`),
    ...kept.map((file) => `kept     ${safeText(file)}: it was there already`),
  ]
}

/** A path as a POSIX shell reads it back. */
function shellWord(path: string): string {
  return /^[\w./@+-]+$/.test(path) ? path : `'${safeText(path).replaceAll("'", "'\\''")}'`
}
