import { readCache, writeCache } from './cache.ts'
import { optionInvalid } from './errors.ts'
import { checkCache, checkJson, checkPolicyOptions, checkTimeout } from './options.ts'
import { compileTimeoutMs, requestCompiler } from './request.ts'
import { revisionOf } from './revision.ts'
import type { SurelyDeniedOptions } from './types.ts'

/**
 * Finds the calls that a policy denies whatever stands at the unknown paths of their input: `deny` then has an answer
 * without a condition, or `allow` and `require_approval` can have none. An answer is `true` or a member of a set or
 * array; a member that is `false` is none. One boolean per input: true is a proof, false may mean no more than that it
 * could not be told. Throws RegoError, also when the time runs out. With `cache`, an answer is kept in that folder.
 */
export async function surelyDenied(options: SurelyDeniedOptions): Promise<boolean[]> {
  const { text } = checkPolicyOptions(options)
  const timeoutMs = checkTimeout(options.timeoutMs)
  const { package: name, unknowns } = options
  if (typeof name !== 'string') {
    throw optionInvalid('package must be a string', 'Name it as in the file, like "lelu.authz".')
  }
  if (!Array.isArray(unknowns) || unknowns.some((one) => typeof one !== 'string')) {
    throw optionInvalid('unknowns must be an array of strings', 'Pass paths, like ["input.args"].')
  }
  const inputs = checkJson(options.inputs, 'inputs')
  if (!Array.isArray(inputs.value) || !inputs.value.every(isObject)) {
    throw optionInvalid('inputs must be an array of objects', 'Pass the known part of each input.')
  }
  const rest = JSON.stringify({ package: name, unknowns }).slice(1, -1)
  const asked = `"op":"denied",${text},${rest},"inputs":${inputs.text}`
  const ask = () =>
    requestCompiler<boolean[]>(`{${asked},"timeoutMs":${timeoutMs}}`, timeoutMs + compileTimeoutMs)
  const cache = checkCache(options.cache ?? false)
  return cache === false ? ask() : kept(cache, revisionOf(asked), inputs.value.length, ask)
}

/** Nothing runs by these answers, so a folder that cannot be written only means that the compiler is asked again. */
async function kept(
  folder: string,
  key: string,
  count: number,
  ask: () => Promise<boolean[]>,
): Promise<boolean[]> {
  const found = await readCache<boolean[]>(folder, 'denied', key)
  if (Array.isArray(found?.head) && found.head.length === count) return found.head
  const answer = await ask()
  await writeCache(folder, 'denied', key, { head: answer, bytes: new Uint8Array() })
  return answer
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
