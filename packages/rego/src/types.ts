/** Anything JSON can carry. */
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

/** A policy: its files and its data. 10 MiB of sources and 64 MiB of data at most. */
export type PolicyOptions = {
  modules: PolicyModule[]
  /** The `data` document, an object. It may not stand where a rule's answer is read. Default `{}`. */
  data?: Json
  /** Default `auto`. */
  regoVersion?: RegoVersion
}

/** A policy, and what will be asked of it. */
export type CompileOptions = PolicyOptions & {
  /** Rules or packages, like `lelu/authz/allow`. */
  entrypoints: string[]
  /** Folder of compiled policies, or false. Default `.lelu/cache`. */
  cache?: string | false
}

/** What `compile` answers: the module, and all that is needed to run it. */
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

/** What `check` answers. `ok` means no errors; there may be warnings. */
export type CheckResult = {
  ok: boolean
  issues: PolicyIssue[]
  /** The files that parse. `rules` are names inside the package. */
  modules: { path: string; package: string; regoVersion: 'v0' | 'v1'; rules: string[] }[]
}

/** A policy with its tests, and which of them run how. */
export type TestOptions = PolicyOptions & {
  /** Regular expression (RE2) on `data.<package>.<name>`; only those tests run. */
  run?: string
  coverage?: boolean
  /** Per test, in milliseconds. Default 5000. */
  timeoutMs?: number
}

/** One rule `test_…` and what came of it. `error`: it could not be evaluated, or took too long. */
export type PolicyTest = {
  name: string
  package: string
  file: string
  line: number
  outcome: 'pass' | 'fail' | 'error' | 'skip'
  /** Milliseconds. */
  durationMs: number
  message?: string
  /** What `print` wrote. */
  output?: string
  /** OPA's trace, of failed tests only. */
  trace?: string
}

/** Which lines the tests reached, in all and by file; `notCovered` are ranges of lines, from 1. */
export type Coverage = {
  /** Percent of lines. */
  covered: number
  files: Record<string, { coverage: number; notCovered: { start: number; end: number }[] }>
}

/** What `test` answers. */
export type TestResult = {
  /** True when no test failed or erred; also true when there was none. */
  ok: boolean
  results: PolicyTest[]
  warnings: PolicyIssue[]
  coverage?: Coverage
}

/** One file to be formatted. */
export type FormatOptions = {
  /** Default `policy.rego`. */
  path?: string
  source: string
  regoVersion?: RegoVersion
  /** Rewrite as Rego v1, with a package line. Default false: the version stays as it is. */
  upgrade?: boolean
}

/** The file as it should be, and whether that is another text. */
export type FormatResult = { source: string; changed: boolean }

/** A policy, an input, and what is asked of it. */
export type ExplainOptions = PolicyOptions & {
  input: Json
  /** One path under data, like `data.lelu.authz`. */
  query: string
  /** Milliseconds. Default 5000. */
  timeoutMs?: number
}

/** One step of an evaluation. `op` is OPA's word for it, such as enter, eval, fail or exit; `depth` is how far inside. */
export type TraceEvent = {
  op: string
  depth: number
  file: string
  line: number
  column: number
  text: string
  message?: string
}

/** What `explain` answers. */
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

/** A policy, and the calls of which only a part is known. */
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
