import { createHash } from 'node:crypto'
import { check, compile, hasRule, type PolicyIssue, type PolicyModule, RegoError } from '@lelu/rego'
import { LeluError } from '../errors.ts'
import type { Policy, RegoInput } from '../types.ts'
import { createEvaluate } from './evaluate.ts'
import { createRuntime } from './runtime.ts'
import { type PolicySource, readPolicyFolder } from './sources.ts'
import { createSurelyDenies } from './surely-denies.ts'

/** Of `loadPolicy`. `createLelu` takes the same and loads it by itself. */
export type LoadPolicyOptions = {
  /** A folder of Rego files, or one file, or their sources. */
  policies: string | PolicySource
  /** The package that holds `allow`, `require_approval` and `deny`. Default `lelu.authz`. */
  package?: string
  /** Folder of compiled policies, or false. Default `.lelu/cache`. */
  cache?: string | false
  /** Types of obligations that the host carries out. Any other means deny. Default none. */
  obligations?: string[]
  /** Gets the error behind each deny of `policy_error`, and of `surelyDenies`. It holds no input. */
  onError?: (error: LeluError) => void
}

/** A policy that was compiled from Rego. */
export interface LoadedPolicy extends Policy {
  readonly package: string
  readonly warnings: readonly PolicyIssue[]
  /** What the rules can read of their input; the rest is not handed to them. */
  readonly inputPaths: string[][] | 'all'
  surelyDenies(inputs: readonly RegoInput[]): Promise<boolean[]>
}

const rules = ['allow', 'require_approval', 'deny'] as const

/**
 * Compiles Rego and makes it ready to decide. Throws LELU_POLICY_NOT_FOUND, LELU_POLICY_INVALID (`details.issues`
 * has every error with file, line and column) and LELU_POLICY_UNSUPPORTED (a built-in this engine does not have).
 */
export async function loadPolicy(options: LoadPolicyOptions): Promise<LoadedPolicy> {
  const { policies, package: name = 'lelu.authz', obligations = [], cache, onError } = options
  checkName(name)
  const source =
    typeof policies === 'string' ? await readPolicyFolder(policies) : checkSource(policies)
  refuseReserved(source.modules)
  // Copied before the first wait: what is asked later must be what was compiled.
  const modules = source.modules.map(({ path, source }) => ({ path, source }))
  const entry = entryOf(name, source.modules)
  const compiled = await compileWith(source, entry, cache)
  // Asked of the Wasm, which is there without the compiler when it comes from the cache; a no is only believed after the
  // compiler said so too.
  const answers = rules.some((rule) => hasRule(compiled.wasm, `${name}.${rule}`))
  if (!answers) await refuseWithoutRules(name, source)
  const { wasm, data, inputPaths, revision, warnings } = compiled
  const runtime = createRuntime({ wasm, data, entrypoint: entry.entrypoint })
  const evaluate = createEvaluate({
    runtime,
    inputPaths,
    obligations: [...obligations],
    ...(onError && { onError }),
  })
  const surelyDenies = createSurelyDenies({
    modules,
    data,
    package: name,
    inputPaths,
    cache: cache ?? '.lelu/cache',
    ...(onError && { onError }),
  })
  return Object.freeze({ revision, package: name, warnings, inputPaths, evaluate, surelyDenies })
}

type Entry = { module: PolicyModule; entrypoint: string }

/**
 * One rule that gathers the four, so that one evaluation answers all; what is undefined is absent. The package is
 * named after a hash of the sources: no file can name its own hash, so none can add to the answers gathered here.
 */
function entryOf(name: string, modules: PolicyModule[]): Entry {
  const hash = createHash('sha256')
  for (const { path, source } of modules) hash.update(JSON.stringify([path, source]))
  const unique = `p${hash.digest('hex').slice(0, 32)}`
  const lines = [...rules, 'obligations'].map(
    (rule) => `decision[${JSON.stringify(rule)}] := data.${name}.${rule}`,
  )
  const source = [`package lelu.entry.${unique}`, '', ...lines, ''].join('\n')
  return {
    module: { path: 'lelu:entry.rego', source },
    entrypoint: `lelu/entry/${unique}/decision`,
  }
}

async function compileWith(
  { modules, data }: PolicySource,
  { module, entrypoint }: Entry,
  cache: string | false | undefined,
) {
  try {
    return await compile({
      modules: [...modules, module],
      entrypoints: [entrypoint],
      ...(data !== undefined && { data }),
      ...(cache !== undefined && { cache }),
    })
  } catch (error) {
    throw fromRego(error)
  }
}

/** A compiler that failed keeps its own error: the policy was neither accepted nor refused. */
function fromRego(error: unknown): unknown {
  if (!(error instanceof RegoError) || error.code.startsWith('LELU_COMPILER_')) return error
  const code =
    error.code === 'LELU_OPTIONS_INVALID' ? 'LELU_OPTIONS_INVALID' : 'LELU_POLICY_INVALID'
  return new LeluError(code, error.message, {
    help: error.help,
    details: { issues: error.issues },
    cause: error,
  })
}

function checkSource(source: PolicySource): PolicySource {
  const modules: unknown = source?.modules
  const isModule = (one: unknown): boolean =>
    typeof (one as PolicyModule)?.path === 'string' &&
    typeof (one as PolicyModule).source === 'string'
  if (Array.isArray(modules) && modules.every(isModule)) return source
  throw new LeluError(
    'LELU_OPTIONS_INVALID',
    'The option `policies` is neither a folder nor sources.',
    {
      help: "Pass './policies', or { modules: [{ path, source }], data }.",
    },
  )
}

function checkName(name: unknown): void {
  if (typeof name === 'string' && /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/.test(name)) return
  throw new LeluError(
    'LELU_OPTIONS_INVALID',
    'The option `package` is not the name of a Rego package.',
    {
      help: 'Write it as in the file, without `data.`, such as lelu.authz.',
    },
  )
}

const reserved =
  /^[ \t]*package[ \t]+lelu[ \t]*(?:\.[ \t]*entry|\[[ \t]*["`]entry["`][ \t]*\])(?![\w])/m

/** Only a clear message: what keeps other files out of the entry is its name. */
function refuseReserved(modules: PolicyModule[]): void {
  const file = modules.find(({ source }) => reserved.test(source))
  if (file === undefined) return
  throw new LeluError(
    'LELU_POLICY_INVALID',
    `${file.path} is in the package lelu.entry, which is reserved.`,
    {
      help: 'Put its rules into another package, such as lelu.authz.',
      details: { file: file.path },
    },
  )
}

async function refuseWithoutRules(name: string, source: PolicySource): Promise<void> {
  const { modules } = await check({
    modules: source.modules,
    ...(source.data !== undefined && { data: source.data }),
  })
  const inPackage = modules
    .filter((module) => module.package === name)
    .flatMap((module) => module.rules)
  if (rules.some((rule) => inPackage.includes(rule))) return
  const packages = [...new Set(modules.map((module) => module.package))].sort()
  const found =
    packages.length === 0 ? 'there is no package at all' : `there are: ${packages.join(', ')}`
  throw new LeluError(
    'LELU_POLICY_INVALID',
    `The package ${name} has none of the rules allow, require_approval and deny; ${found}.`,
    {
      help: 'Write at least one of the rules, or name the right package.',
      details: { package: name, packages },
    },
  )
}
