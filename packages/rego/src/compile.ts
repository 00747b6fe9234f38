import { type Entry, readCache, writeCache } from './cache.ts'
import { optionInvalid } from './errors.ts'
import { checkCache, checkPolicyOptions } from './options.ts'
import { compileTimeoutMs, requestCompiler } from './request.ts'
import { revisionOf } from './revision.ts'
import type { CompiledPolicy, CompileOptions, PolicyIssue } from './types.ts'

type Head = { inputPaths: string[][] | 'all'; warnings: PolicyIssue[] }

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
  const folder = checkCache(options.cache ?? defaultCache)

  const cached = folder === false ? undefined : await readCache<Head>(folder, 'policy', revision)
  const { head, bytes } = cached ?? (await compileAfresh(text))
  const warnings = [...head.warnings]
  if (folder !== false && cached === undefined) {
    const warning = await writeCache(folder, 'policy', revision, { head, bytes })
    if (warning) warnings.push(warning)
  }
  const { inputPaths } = head
  return { wasm: bytes, inputPaths, warnings, entrypoints, revision, data: checked.data }
}

async function compileAfresh(text: string): Promise<Entry<Head>> {
  const answer = await requestCompiler<Answer>(text, compileTimeoutMs)
  const inputPaths = answer.readsAll ? 'all' : (answer.inputPaths ?? [])
  const bytes = new Uint8Array(Buffer.from(answer.wasm, 'base64'))
  return { head: { inputPaths, warnings: answer.warnings ?? [] }, bytes }
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
