import { Keyv } from 'keyv'
import { describe, expect, it } from 'vitest'
import type { LeluOptions } from '../../src/index.ts'
import { approved, temporaryFolder, testClock, testEngine } from '../support.ts'

describe('a refused token says what to do', () => {
  it('after a revocation: not to resume it again, but to ask again, which then runs', async () => {
    const clock = testClock()
    const lelu = await testEngine({ now: clock.now })
    const id = await approved(lelu, {}, { run: 'run-1' })
    await lelu.tokens.revoke({ agent: 'trader-1' })
    clock.advance(1000)
    for (let n = 0; n < 2; n += 1) {
      const error = await lelu.resume(id, () => 'ran').catch((thrown) => thrown)
      expect(error).toMatchObject({
        code: 'LELU_TOKEN_REFUSED',
        details: { reason: 'token_revoked' },
        help: expect.stringMatching(/^Nothing was run\..*let the agent ask again/),
      })
      expect(error.help).not.toContain('Resume the approval again')
    }
    const next = await approved(lelu, { id: 'call-2' }, { run: 'run-1' })
    expect((await lelu.resume(next, () => 'ran')).status).toBe('executed')
  })

  it('to another agent: to resume as the one whose call it is', async () => {
    const lelu = await testEngine()
    const id = await approved(lelu)
    await expect(lelu.resume(id, () => 'ran', { agent: 'other' })).rejects.toMatchObject({
      details: { reason: 'token_subject' },
      help: expect.stringContaining('as the agent whose call was approved'),
    })
    expect((await lelu.resume(id, () => 'ran', { agent: 'trader-1' })).status).toBe('executed')
  })

  it('that another engine minted: to ask with its issuer, its audience and its keys', async () => {
    const shared = { store: new Keyv(), directory: temporaryFolder() }
    const lelu = await testEngine(shared)
    const { token } = await lelu.tokens.mint(await approved(lelu))
    const helpOf = async (options: Partial<LeluOptions>) => {
      const other = await testEngine(options)
      return other.tokens.verify(token).catch(({ help }) => help)
    }
    expect(await helpOf({ ...shared, issuer: 'urn:other' })).toContain('--issuer')
    expect(await helpOf({ ...shared, audience: 'urn:other' })).toContain('--audience')
    expect(await helpOf({})).toContain('key ring')
    await expect(lelu.tokens.verify(token.slice(0, 20))).rejects.toMatchObject({
      help: expect.stringContaining('whole token'),
    })
  })

  it('for any other reason: to resume it again', async () => {
    const lelu = await testEngine()
    await expect(lelu.tokens.verify('a.b.c')).rejects.toMatchObject({
      code: 'LELU_TOKEN_REFUSED',
      help: expect.stringContaining('Resume the approval again'),
    })
  })
})
