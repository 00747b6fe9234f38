export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** One Rego file. `path` is how errors name it, and part of the revision: keep it relative. */
export type PolicyModule = { path: string; source: string }

/** `auto` reads a file as v1, and as v0 (with a warning) when only v0 can read it. */
export type RegoVersion = 'auto' | 'v0' | 'v1'

/** One finding. `code` is OPA's own (`rego_parse_error`…) or one of `lelu_…`; lines and columns start at 1. */
export type PolicyIssue = {
  severity: 'error' | 'warning'
  code: string
  message: string
  /** Empty when the finding has no place in a file; `line` and `column` are then 0. */
  file: string
  line: number
  column: number
  /** The source line. */
  text?: string
}

export type PolicyOptions = {
  modules: PolicyModule[]
  /** The `data` document, an object. It may not stand where a rule's answer is read. Default `{}`. */
  data?: Json
  /** Default `auto`. */
  regoVersion?: RegoVersion
}

export type CompileOptions = PolicyOptions & {
  /** Rules or packages, like `lelu/authz/allow`. */
  entrypoints: string[]
  /** Folder of compiled policies, or false. Default `.lelu/cache`. */
  cache?: string | false
}

export type CompiledPolicy = {
  /** The module `opa build -t wasm` gives; it needs the host built-ins its `builtins()` export names. */
  wasm: Uint8Array
  entrypoints: string[]
  /** `sha256:…` of the sources, data, options and the compiler. */
  revision: string
  /** What the policy can read of its input: an input cut down to these paths gives the same answers. */
  inputPaths: string[][] | 'all'
  warnings: PolicyIssue[]
  /** A copy of the data that was checked; the runtime has to load this one. */
  data: Json
}

export type CheckResult = {
  ok: boolean
  issues: PolicyIssue[]
  /** The files that parse. `rules` are names inside the package. */
  modules: { path: string; package: string; regoVersion: 'v0' | 'v1'; rules: string[] }[]
}

export type TestOptions = PolicyOptions & {
  /** Regular expression (RE2) on `data.<package>.<name>`; only those tests run. */
  run?: string
  coverage?: boolean
  /** Per test, in milliseconds. Default 5000. */
  timeoutMs?: number
}

export type PolicyTest = {
  name: string
  package: string
  file: string
  line: number
  outcome: 'pass' | 'fail' | 'error' | 'skip'
  durationMs: number
  message?: string
  /** What `print` wrote. */
  output?: string
  /** OPA's trace, of failed tests only. */
  trace?: string
}

export type Coverage = {
  /** Percent of lines. */
  covered: number
  files: Record<string, { coverage: number; notCovered: { start: number; end: number }[] }>
}

export type TestResult = {
  /** True when no test failed or erred; also true when there was none. */
  ok: boolean
  results: PolicyTest[]
  warnings: PolicyIssue[]
  coverage?: Coverage
}

export type FormatOptions = {
  /** Default `policy.rego`. */
  path?: string
  source: string
  regoVersion?: RegoVersion
  /** Rewrite as Rego v1, with a package line. Default false: the version stays as it is. */
  upgrade?: boolean
}

export type FormatResult = { source: string; changed: boolean }

export type ExplainOptions = PolicyOptions & {
  input: Json
  /** One path under data, like `data.lelu.authz`. */
  query: string
  /** Milliseconds. Default 5000. */
  timeoutMs?: number
}

export type TraceEvent = {
  op: string
  depth: number
  file: string
  line: number
  column: number
  text: string
  message?: string
}

export type ExplainResult = {
  /** `undefined` when the rule has no value for this input. Sets are arrays. */
  result: Json | undefined
  /** In order of evaluation, 10,000 events at most. */
  trace: TraceEvent[]
  truncated: boolean
  /** The rules that succeeded, each once. */
  fired: { rule: string; file: string; line: number }[]
  warnings: PolicyIssue[]
}

export type SurelyDeniedOptions = PolicyOptions & {
  /** The package that holds `deny`, `require_approval` and `allow`. */
  package: string
  /** What is known of each input: all of it but the unknown paths, where it must have no value. */
  inputs: { [key: string]: Json }[]
  /** Paths that may hold anything or nothing, like `input.args`. */
  unknowns: string[]
  /** Milliseconds for all inputs together. Default 5000. */
  timeoutMs?: number
  /** Folder where answers are kept, or false. Default false. */
  cache?: string | false
}
