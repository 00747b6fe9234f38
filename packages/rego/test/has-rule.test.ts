import { expect, it } from 'vitest'
import { compile, hasRule } from '../src/index.ts'
import { policy } from './support/policies.ts'

it('finds a rule that an entrypoint leads to, by its whole name and no other', async () => {
  const long = 'x'.repeat(200) // its length takes two bytes
  const source = `package lelu.authz

allow if allowed_${long}

allowed_${long} if input.x

denied if input.y

deny_all := denied
`
  const { wasm } = await compile({
    modules: [policy(source)],
    entrypoints: ['lelu/authz/allow'],
    cache: false,
  })
  const found = ['allow', `allowed_${long}`, 'allowed_', 'denied', 'deny_all', 'deny'].filter(
    (rule) => hasRule(wasm, `lelu.authz.${rule}`),
  )
  expect(found).toEqual(['allow', `allowed_${long}`])
  expect(hasRule(wasm, 'authz.allow')).toBe(false)
})
