import { createHash } from 'node:crypto'
import { type CachedPolicy, readCache, writeCache } from './cache.ts'
import { compilerInfo } from './compiler-info.ts'
import { optionInvalid } from './errors.ts'
import { checkPolicyOptions } from './options.ts'
import { compileTimeoutMs, requestCompiler } from './request.ts'
import type { CompiledPolicy, CompileOptions, PolicyIssue } from './types.ts'

type Answer = {
  wasm: string
  inputPaths: string[][] | null
  readsAll: boolean
  warnings: PolicyIssue[]
}

const defaultCache = '.lelu/cache'

/**
 * Compiles Rego to Wasm. Throws RegoError: LELU_POLICY_INVALID with every error of every file.
 * The same sources, data and options give the same revision and the same bytes.
 */
export async function compile(options: CompileOptions): Promise<CompiledPolicy> {
  const checked = checkPolicyOptions(options)
  const entrypoints = checkEntrypoints(options.entrypoints)
  const text = `{"op":"compile",${checked.text},"entrypoints":${JSON.stringify(entrypoints)}}`
  const revision = revisionOf(text)
  const folder = options.cache ?? defaultCache

  const cached = folder === false ? undefined : await readCache(folder, revision)
  const policy = cached ?? (await compileAfresh(text))
  const warnings = [...policy.warnings]
  if (folder !== false && cached === undefined) {
    const warning = await writeCache(folder, revision, policy)
    if (warning) warnings.push(warning)
  }
  return { ...policy, warnings, entrypoints, revision, data: checked.data }
}

async function compileAfresh(text: string): Promise<CachedPolicy> {
  const answer = await requestCompiler<Answer>(text, compileTimeoutMs)
  return {
    wasm: new Uint8Array(Buffer.from(answer.wasm, 'base64')),
    inputPaths: answer.readsAll ? 'all' : (answer.inputPaths ?? []),
    warnings: answer.warnings ?? [],
  }
}

/** The request holds all that can change the result, apart from the compiler; its members are canonical. */
function revisionOf(request: string): string {
  const hash = createHash('sha256')
  hash.update(`lelu-policy-1\n${compilerInfo().sha256}\n`).update(request)
  return `sha256:${hash.digest('hex')}`
}

function checkEntrypoints(entrypoints: string[]): string[] {
  if (!Array.isArray(entrypoints) || entrypoints.length === 0) {
    throw optionInvalid(
      'entrypoints must be a non-empty array',
      'Name rules, like "lelu/authz/allow".',
    )
  }
  for (const one of entrypoints) {
    if (typeof one !== 'string' || !/^[A-Za-z_]\w*(\/[A-Za-z_]\w*)*$/.test(one)) {
      throw optionInvalid(
        `the entrypoint ${JSON.stringify(one)} is no path`,
        'Write the package and the rule with slashes, like "lelu/authz/allow".',
      )
    }
  }
  return [...new Set(entrypoints)]
}
