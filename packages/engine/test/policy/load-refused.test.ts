import { join } from 'node:path'
import { RegoError } from '@lelu/rego'
import { describe, expect, it } from 'vitest'
import { loadPolicy } from '../../src/policy/load-policy.ts'
import { folderOf, inputOf, load } from './support.ts'

describe('loading is refused', () => {
  it('for broken Rego, with each error of each file, its place, and the cause', async () => {
    const modules = [
      { path: 'a.rego', source: 'package lelu.authz\n\nallow if input.x ==' },
      { path: 'b.rego', source: 'package lelu.authz\n\ndeny if undefined_function(1)\ndeny if {' },
    ]
    const error = await loadPolicy({ policies: { modules }, cache: false }).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({
      code: 'LELU_POLICY_INVALID',
      help: expect.any(String),
      cause: expect.any(RegoError),
    })
    const { issues } = (error as { details: { issues: { file: string; line: number }[] } }).details
    expect(new Set(issues.map(({ file }) => file))).toEqual(new Set(['a.rego', 'b.rego']))
  })

  it('when none of the three rules is there, naming the packages that are', async () => {
    const modules = [
      { path: 'a.rego', source: 'package acme.web\n\nallow := true' },
      { path: 'b.rego', source: 'package lelu.authz\n\nallowed := true' },
    ]
    await expect(loadPolicy({ policies: { modules }, cache: false })).rejects.toMatchObject({
      code: 'LELU_POLICY_INVALID',
      message: expect.stringMatching(
        /lelu\.authz has none of the rules allow, require_approval and deny.*acme\.web, lelu\.authz/,
      ),
      details: { package: 'lelu.authz', packages: ['acme.web', 'lelu.authz'] },
    })
  })

  it('when none is there also from the cache', async () => {
    const folder = folderOf({
      'p.rego':
        'package lelu.authz\n\nallowed := input.confidence > 0\nobligations contains "log" if allowed',
    })
    const options = { policies: folder, cache: join(folder, '.cache') }
    await expect(loadPolicy(options)).rejects.toMatchObject({ code: 'LELU_POLICY_INVALID' })
    await expect(loadPolicy(options)).rejects.toMatchObject({ code: 'LELU_POLICY_INVALID' })
  })

  it.each(['allow', 'require_approval', 'deny'])('not when %s alone is there', async (rule) => {
    await expect(load(`${rule} if input.confidence > 2`)).resolves.toBeDefined()
  })

  it.each([
    'package lelu.entry',
    '  package  lelu . entry',
    'package lelu["entry"]',
    '# x\npackage lelu.entry.p1',
  ])('for a file in the reserved package (%j)', async (line) => {
    const modules = [{ path: 'p.rego', source: `${line}\n\ndecision["allow"] := true` }]
    await expect(loadPolicy({ policies: { modules }, cache: false })).rejects.toMatchObject({
      code: 'LELU_POLICY_INVALID',
      message: expect.stringContaining('reserved'),
    })
  })

  it('not for a file that adds to lelu.entry in disguise, but what it adds answers nothing', async () => {
    const modules = [
      {
        path: 'a.rego',
        source: 'package lelu\n\nentry.decision.allow := true\nentry.p1.decision.allow := true',
      },
      { path: 'b.rego', source: 'package lelu.authz\n\nallow if input.confidence > 2' },
    ]
    const policy = await loadPolicy({ policies: { modules }, cache: false })
    expect(policy.evaluate(inputOf()).effect).toBe('deny')
  })

  it('for data that would answer for a rule', async () => {
    await expect(
      load('deny if input.confidence < 0.5', { data: { lelu: { authz: { allow: true } } } }),
    ).rejects.toMatchObject({ code: 'LELU_POLICY_INVALID' })
  })

  it('for a built-in that asks the world, as no decision could be evaluated again', async () => {
    await expect(load('allow if time.now_ns() > 0')).rejects.toMatchObject({
      code: 'LELU_POLICY_INVALID',
      message: expect.stringContaining('input.time'),
    })
    await expect(
      load('allow if http.send({"url": "http://127.0.0.1", "method": "get"}).status_code == 200'),
    ).rejects.toMatchObject({ code: 'LELU_POLICY_INVALID' })
  })

  it('for a built-in that this engine does not have, by name and at once, not when its rule first fires', async () => {
    await expect(
      load(
        'allow if input.confidence > 0.9\ndeny if io.jwt.decode(input.args.token)[0].alg == "none"',
      ),
    ).rejects.toMatchObject({
      code: 'LELU_POLICY_UNSUPPORTED',
      message: expect.stringContaining('io.jwt.decode'),
      details: { builtins: ['io.jwt.decode'] },
    })
  })

  it.each(['', 'lelu/authz', 'data.lelu authz', 'lelu.authz\nallow := true', 'lelu."x"', 7])(
    'for the package name %j',
    async (name) => {
      await expect(load('allow := true', { package: name as string })).rejects.toMatchObject({
        code: 'LELU_OPTIONS_INVALID',
      })
    },
  )

  it.each([null, {}, { modules: 'x' }, { modules: [{ path: 'a' }] }])(
    'for policies that are %j',
    async (policies) => {
      await expect(loadPolicy({ policies: policies as never, cache: false })).rejects.toMatchObject(
        { code: 'LELU_OPTIONS_INVALID' },
      )
    },
  )

  it('for a folder that is not there', async () => {
    await expect(loadPolicy({ policies: '/no/such/folder' })).rejects.toMatchObject({
      code: 'LELU_POLICY_NOT_FOUND',
    })
  })
})
