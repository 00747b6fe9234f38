import { existsSync } from 'node:fs'
import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import type { Policy } from '@lelu/engine'
import type { CommandContext } from '../command-context.ts'
import type { Io } from '../io.ts'
import { makeDirectory } from '../make-directory.ts'
import { withEngine } from '../open-engine.ts'
import { report, safeText } from '../print.ts'
import { hasOwnPolicy } from './own-policy.ts'
import { sampleRequest, starterFiles } from './starter.ts'

type Made = { made: string[]; kept: string[]; changed: string[] }

/** Where things are made. */
type Place = { folder: string; policies: string; request: string; directory: string }

/** `init`: makes what is missing and says so; what is there already is never touched. */
export async function init(context: CommandContext, folder = '.'): Promise<void> {
  const { io, globals } = context
  const { directory: name, directoryGiven, json } = globals()
  const directory = directoryGiven ? name : join(folder, name)
  const place: Place = {
    ...{ folder, directory },
    policies: join(folder, 'policies'),
    request: join(folder, 'request.json'),
  }
  const done: Made = { made: [], kept: [], changed: [] }
  try {
    await makePolicy(place, done)
    await makeFile(place.request, sampleRequest, done)
    // Before the keys, which must never stand in a repository that does not ignore them.
    await ignoreDirectory(place, done)
    await openDirectory(place, io.env, done)
  } catch (error) {
    // What was made before the failure stays, so it is named.
    if (!json) for (const line of madeLines(done, place)) io.writeError(`${line}\n`)
    throw error
  }
  report(context, { ...done, directory, policies: place.policies }, summary(done, place))
}

/** The starter policy, where there is none: beside another one its rules would allow what that one denies. */
async function makePolicy({ folder, policies }: Place, done: Made): Promise<void> {
  if (await hasOwnPolicy(policies)) {
    done.kept.push(policies)
    return
  }
  for (const { path, text } of starterFiles) await makeFile(join(folder, path), text, done)
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

/** A policy of one's own may still be in the making, or in another package: the keys do not wait for it. */
const denyAll: Policy = {
  revision: 'lelu-init',
  evaluate: () => ({ effect: 'deny', reasons: [], obligations: [], requirements: [] }),
}

/** Keys, an empty queue and the compiled starter policy, made by the engine's own opening of the directory. */
async function openDirectory(
  { directory, policies }: Place,
  env: Io['env'],
  done: Made,
): Promise<void> {
  if (existsSync(join(directory, 'keys', 'keyring.json'))) {
    done.kept.push(directory)
    return
  }
  const before = existsSync(directory) ? await readdir(directory) : undefined
  const own = done.kept.includes(policies)
  await withEngine({ directory, policies: own ? denyAll : policies, env }, async () => {})
  // Of a folder that was there, only what came into it may be undone.
  const after = (await readdir(directory)).filter((name) => !before?.includes(name))
  done.made.push(
    ...(before === undefined ? [directory] : after.map((name) => join(directory, name))),
  )
}

/** Keys and inputs of tools must not end up in a repository. */
async function ignoreDirectory({ folder, directory }: Place, done: Made): Promise<void> {
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

function summary(done: Made, place: Place): string[] {
  const { made, kept, changed } = done
  const policies = shellWord(place.policies)
  const directory = shellWord(place.directory)
  const option = directory === '.lelu' ? '' : ` --directory ${directory}`
  const undo = [
    ...(made.length > 0 ? [`  rm -r ${made.map(shellWord).join(' ')}`] : []),
    ...changed.map((file) => `  remove the last line of ${safeText(file)}`),
  ]
  return [
    ...madeLines(done, place),
    '',
    'Next',
    // A policy of one's own may have no tests.
    `  lelu policy ${kept.includes(place.policies) ? 'check' : 'test'} ${policies}`,
    `  lelu decide --policies ${policies} --input ${shellWord(place.request)}${option}`,
    `  lelu approvals list${option}`,
    '  (empty until an agent has called a tool that waits: decide only asks the policy)',
    ...(undo.length > 0 ? ['', 'To undo', ...undo] : []),
  ]
}

function madeLines({ made, kept, changed }: Made, { policies }: Place): string[] {
  const there = (file: string) =>
    file === policies
      ? 'your policy is there, so no starter policy was written'
      : 'it was there already'
  return [
    ...made.map((file) => `made     ${safeText(file)}`),
    ...changed.map((file) => `changed  ${safeText(file)}: added one line`),
    ...kept.map((file) => `kept     ${safeText(file)}: ${there(file)}`),
  ]
}

/** A path as a POSIX shell reads it back. */
function shellWord(path: string): string {
  return /^[\w./@+-]+$/.test(path) ? path : `'${safeText(path).replaceAll("'", "'\\''")}'`
}
