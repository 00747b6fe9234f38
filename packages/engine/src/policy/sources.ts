import type { Dirent } from 'node:fs'
import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { PolicyModule } from '@lelu/rego'
import { LeluError } from '../errors.ts'
import { parseStrictJson } from '../request/strict-json.ts'
import type { Json } from '../types.ts'

type JsonObject = { [key: string]: Json }
type Found = { modules: PolicyModule[]; data: JsonObject; bytes: number; tests: boolean }

/** Rego files and their `data` document. `path` is what errors name: keep it relative. */
export type PolicySource = { modules: PolicyModule[]; data?: Json }

/** Of `readPolicyFolder`. */
export type ReadPolicyOptions = {
  /** Take the `*_test.rego` files too, as to check, format or run them. Default false. */
  tests?: boolean
}

/** Far above what policies weigh: a wrong path (a home folder) ends soon and with a message. */
const maxBytes = 32 * 1024 * 1024
const maxFiles = 5000
const maxDepth = 32

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * Reads the policy of a folder: each `*.rego` but `*_test.rego`, and each `data.json`, which stands in `data` at the
 * path of its folder, as with `opa run`. Names that begin with a dot are left out. A path to one Rego file is that
 * file alone. The result goes to `loadPolicy`, and to `check` and `test` of @lelu/rego. Throws LELU_POLICY_NOT_FOUND or LELU_POLICY_INVALID.
 */
export async function readPolicyFolder(
  path: string,
  { tests = false }: ReadPolicyOptions = {},
): Promise<{ modules: PolicyModule[]; data: Json }> {
  const found: Found = { modules: [], data: {}, bytes: 0, tests }
  const info = await stat(path).catch((error: unknown) => {
    throw unreadable(path, error)
  })
  if (info.isDirectory()) await readFolder(path, [], [], found)
  else await readModule(path, basename(path), found)
  if (found.modules.length === 0) {
    throw invalid(
      `There is no policy in ${path}.`,
      'Put a .rego file there (a test, *_test.rego, is no policy), or run `lelu init`.',
      path,
    )
  }
  return { modules: found.modules, data: found.data } satisfies PolicySource
}

async function readFolder(
  folder: string,
  names: string[],
  above: string[],
  found: Found,
): Promise<void> {
  const real = await realpath(folder)
  if (above.includes(real))
    throw invalid(`${folder} is a link to a folder that holds it.`, 'Remove the link.', folder)
  if (names.length > maxDepth)
    throw invalid(
      `${folder} is deeper than ${maxDepth} folders.`,
      'Pass the folder of the policies alone.',
      folder,
    )
  for (const entry of await list(folder)) {
    const path = join(folder, entry.name)
    const inside = [...names, entry.name]
    const kind = entry.isSymbolicLink()
      ? await stat(path).catch((error: unknown) => Promise.reject(unreadable(path, error)))
      : entry
    if (kind.isDirectory()) await readFolder(path, inside, [...above, real], found)
    else if (isWanted(entry.name, found)) await readModule(path, inside.join('/'), found)
    else if (entry.name === 'data.json') await readData(path, names, found)
    else if (/^data\.ya?ml$/.test(entry.name))
      throw invalid(`${path} is not read: data is JSON here.`, 'Write it as data.json.', path)
  }
}

function isWanted(name: string, { tests }: Found): boolean {
  return name.endsWith('.rego') && (tests || !name.endsWith('_test.rego'))
}

async function list(folder: string): Promise<Dirent[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw unreadable(folder, error)
  })
  // Byte order, so that the revision of a policy does not depend on the file system.
  return entries
    .filter(({ name }) => !name.startsWith('.'))
    .sort((one, other) => (one.name < other.name ? -1 : 1))
}

async function readModule(path: string, name: string, found: Found): Promise<void> {
  if (!name.endsWith('.rego'))
    throw invalid(
      `${path} is not a folder and not a .rego file.`,
      'Pass the folder of your Rego files.',
      path,
    )
  found.modules.push({ path: name, source: await read(path, found) })
  if (found.modules.length > maxFiles)
    throw invalid(
      `There are more than ${maxFiles} files.`,
      'Pass the folder of the policies alone.',
      path,
    )
}

async function readData(path: string, names: string[], found: Found): Promise<void> {
  const text = await read(path, found)
  let value: Json
  try {
    value = parseStrictJson(text)
  } catch (error) {
    throw invalid(
      `${path} is not JSON: ${(error as Error).message}.`,
      'Correct it; a key may stand once only.',
      path,
      error,
    )
  }
  if (!isObject(value))
    throw invalid(
      `${path} is not a JSON object.`,
      'Put the data into an object, such as {"limits": …}.',
      path,
    )
  const placed = names.reduceRight<JsonObject>((inner, name) => ({ [name]: inner }), value)
  merge(found.data, placed, [], path)
}

/** Two files may fill one object, but never give one key two values. */
function merge(into: JsonObject, from: JsonObject, at: string[], path: string): void {
  for (const key of Object.keys(from)) {
    const [value, before] = [from[key] as Json, Object.hasOwn(into, key) ? into[key] : undefined]
    if (before === undefined)
      Object.defineProperty(into, key, {
        value,
        enumerable: true,
        configurable: true,
        writable: true,
      })
    else if (isObject(before) && isObject(value)) merge(before, value, [...at, key], path)
    else
      throw invalid(
        `${path} gives data.${[...at, key].join('.')} a second value.`,
        'Keep one of them.',
        path,
      )
  }
}

async function read(path: string, found: Found): Promise<string> {
  const info = await stat(path).catch((error: unknown) => Promise.reject(unreadable(path, error)))
  // A pipe or a device would never end.
  if (!info.isFile()) throw invalid(`${path} is not a file.`, 'Remove it from the folder.', path)
  found.bytes += info.size
  if (found.bytes > maxBytes)
    throw invalid(
      `The policy is larger than ${maxBytes} bytes.`,
      'Pass the folder of the policies alone.',
      path,
    )
  const bytes = await readFile(path).catch((error: unknown) =>
    Promise.reject(unreadable(path, error)),
  )
  try {
    return utf8.decode(bytes)
  } catch (error) {
    throw invalid(`${path} is not UTF-8 text.`, 'Save it as UTF-8.', path, error)
  }
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function invalid(message: string, help: string, path: string, cause?: unknown): LeluError {
  return new LeluError('LELU_POLICY_INVALID', message, {
    help,
    details: { path },
    ...(cause !== undefined && { cause }),
  })
}

function unreadable(path: string, cause: unknown): LeluError {
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown'
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new LeluError('LELU_POLICY_NOT_FOUND', `There is nothing at ${path}.`, {
      help: 'Pass the folder of your Rego files, or make one with `lelu init`.',
      cause,
      details: { path },
    })
  }
  return invalid(
    `${path} cannot be read (${code}).`,
    'Give this user the right to read it.',
    path,
    cause,
  )
}
