import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { compile } from '@lelu/rego'
import { describe, expect, it } from 'vitest'
import { createRuntime } from '../../src/policy/runtime.ts'
import { readPolicyFolder } from '../../src/policy/sources.ts'

const policies = join(import.meta.dirname, '../../../../policies')
const domains = readdirSync(policies).filter((name) => !/\.md$|^schema$/.test(name))

describe.each(domains)('the shipped policy %s', (domain) => {
  it('needs no built-in of the host, which would be slow', async () => {
    const source = await readPolicyFolder(join(policies, domain))
    const entrypoints = ['lelu/authz']
    const compiled = await compile({ ...source, entrypoints, cache: false })
    expect(() =>
      createRuntime({ ...compiled, entrypoint: 'lelu/authz', builtins: {} }),
    ).not.toThrow()
  })
})
