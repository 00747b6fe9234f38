import { snapshotJson } from './canonical-json.ts'
import { optionInvalid, RegoError } from './errors.ts'
import type { Json, PolicyModule, PolicyOptions, RegoVersion } from './types.ts'
import { isWellFormed } from './unicode.ts'

export type CheckedOptions = {
  modules: PolicyModule[]
  data: Json
  regoVersion: RegoVersion
  /** The same, as the inside of a JSON object: no byte is written twice, none differs from what is hashed. */
  text: string
}

const mostSourceBytes = 10 * 1024 * 1024
const mostDataBytes = 64 * 1024 * 1024

/** Checks what all functions share, and copies it. Modules are sorted by path: their order means nothing. */
export function checkPolicyOptions(options: PolicyOptions): CheckedOptions {
  checkGiven(options)
  const modules = checkModules(options.modules)
  const regoVersion = checkRegoVersion(options.regoVersion)
  const data = checkJson(options.data ?? {}, 'data')
  if (data.value === null || typeof data.value !== 'object' || Array.isArray(data.value)) {
    throw optionInvalid(
      'data must be an object',
      'Rego reads it as `data`, whose members have names.',
    )
  }
  const text = `"modules":${JSON.stringify(modules)},"regoVersion":"${regoVersion}","data":${data.text}`
  return { modules, data: data.value, regoVersion, text }
}

/** Checks that there are options at all. */
export function checkGiven(options: unknown): void {
  if (typeof options !== 'object' || options === null) {
    throw optionInvalid(
      'there are none',
      'Pass an object, such as { modules: [{ path, source }] }.',
    )
  }
}

/** Checks where compiled policies are kept; `false` is nowhere. */
export function checkCache(cache: string | false): string | false {
  if (cache === false || (typeof cache === 'string' && cache !== '')) return cache
  throw optionInvalid('cache must be a folder, or false', 'Pass a path such as ".lelu/cache".')
}

/** Copies a JSON value and gives its canonical text. */
export function checkJson(value: unknown, name: string): { value: Json; text: string } {
  let copy: { value: Json; text: string }
  try {
    copy = snapshotJson(value, name)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw optionInvalid(reason, `Pass plain JSON as ${name}.`, cause)
  }
  checkSize(copy.text, mostDataBytes, name)
  return copy
}

/** Checks a time limit in milliseconds. */
export function checkTimeout(timeoutMs: number | undefined): number {
  const value = timeoutMs ?? 5000
  if (!Number.isInteger(value) || value < 1 || value > 600_000) {
    throw optionInvalid('timeoutMs must be an integer from 1 to 600000', 'It is in milliseconds.')
  }
  return value
}

function checkModules(modules: PolicyModule[]): PolicyModule[] {
  if (!Array.isArray(modules) || modules.length === 0) {
    throw optionInvalid('modules must be a non-empty array', 'Pass at least one { path, source }.')
  }
  const paths = new Set<string>()
  const copies = modules.map((module) => {
    const { path, source } = (module ?? {}) as PolicyModule
    if (typeof path !== 'string' || path === '' || typeof source !== 'string') {
      throw optionInvalid(
        'a module has no path or no source',
        'Each module is { path: string, source: string }.',
      )
    }
    if (!isWellFormed(path) || !isWellFormed(source)) {
      throw optionInvalid(
        `the module ${JSON.stringify(path)} is not valid Unicode`,
        'Read the file as UTF-8.',
      )
    }
    if (paths.has(path)) {
      throw optionInvalid(
        `two modules have the path ${JSON.stringify(path)}`,
        'Give each file its own path.',
      )
    }
    paths.add(path)
    return { path, source }
  })
  checkSize(copies.map((one) => one.source).join(''), mostSourceBytes, 'the sources of the policy')
  return copies.sort((a, b) => (a.path < b.path ? -1 : 1))
}

function checkRegoVersion(version: RegoVersion = 'auto'): RegoVersion {
  if (version !== 'auto' && version !== 'v0' && version !== 'v1') {
    throw optionInvalid('regoVersion is unknown', 'Use "auto", "v0" or "v1".')
  }
  return version
}

function checkSize(text: string, most: number, name: string): void {
  const bytes = Buffer.byteLength(text)
  if (bytes <= most) return
  throw new RegoError({
    code: 'LELU_POLICY_TOO_LARGE',
    message: `Too large: ${name} ${bytes === 1 ? 'is' : 'are'} ${bytes} bytes, and the most is ${most}.`,
    help: 'Keep large tables outside the policy, or split it.',
  })
}
