import { Keyv } from 'keyv'
import { describe, expect, it } from 'vitest'
import { createLelu, type NotifyOptions } from '../../src/index.ts'
import { overview, temporaryFolder } from '../support.ts'
import { secret } from './receiver.ts'

const url = 'https://ops.example/hook'
const target = { name: 'ops', type: 'webhook', url, secret }

async function messageOf(notify: unknown): Promise<string> {
  const options = { directory: temporaryFolder(), store: new Keyv(), policies: overview }
  try {
    await createLelu({ ...options, notify: notify as NotifyOptions })
  } catch (error) {
    const { code, message, help } = error as { code: string; message: string; help: string }
    expect(code).toBe('LELU_OPTIONS_INVALID')
    expect(help).not.toBe('')
    return `${message} ${help}`
  }
  throw new Error('these options were accepted')
}

const withTarget = (more: object) => ({ targets: [{ ...target, ...more }] })

describe('the option notify', () => {
  it.each<[string, unknown, RegExp]>([
    ['no object', 'https://ops.example', /must be an object/],
    ['null', null, /must be an object/],
    ['a list', [target], /must be an object/],
    ['no targets', {}, /needs `targets`/],
    ['an empty list', { targets: [] }, /needs `targets`/],
    ['a misspelt member', { targets: [target], retries: 3 }, /no `retries` in the option `notify`/],
    ['a target that is no object', { targets: ['x'] }, /Target 1 of `notify` is no object/],
    ['a target without a name', withTarget({ name: '' }), /needs a `name`/],
    ['a name that is a URL', withTarget({ name: url }), /needs a `name`/],
    ['a misspelt member of a target', withTarget({ token: 'x' }), /no `token` in the target `ops`/],
    [
      'another type',
      withTarget({ type: 'mail' }),
      /type of the target `ops`.*`webhook` or `slack`/,
    ],
    ['no url', withTarget({ url: undefined }), /url of the target `ops` is none/],
    ['a path as url', withTarget({ url: '/hook' }), /url of the target `ops` is none/],
    ['a file', withTarget({ url: 'file:///etc/passwd' }), /url of the target `ops` is none/],
    ['http to another host', withTarget({ url: 'http://ops.example/' }), /http to another host/],
    [
      'http to a host that looks like this one',
      withTarget({ url: 'http://127.0.0.1.evil.example/' }),
      /http to another/,
    ],
    [
      'a password in the url',
      withTarget({ url: 'https://a:b@ops.example/' }),
      /user or a password/,
    ],
    ['a webhook without a secret', withTarget({ secret: undefined }), /always signed.*openssl/],
    ['no secrets', withTarget({ secret: undefined, secrets: [] }), /always signed/],
    ['both', withTarget({ secrets: [secret] }), /always signed/],
    [
      'five secrets',
      withTarget({ secret: undefined, secrets: Array(5).fill(secret) }),
      /more than four/,
    ],
    ['a short secret', withTarget({ secret: 'whsec_c2hvcnQ=' }), /24 to 64 bytes/],
    ['a secret for Slack', withTarget({ type: 'slack' }), /has no secret/],
    ['kinds that are none', withTarget({ kinds: ['approval.done'] }), /kinds.*approval\.requested/],
    ['two targets of one name', { targets: [target, target] }, /Two targets.*`ops`/],
    ['a link that runs', { targets: [target], link: 'javascript:alert(1)' }, /`notify\.link`/],
    ['half a try', { targets: [target], maxTries: 0.5 }, /`notify\.maxTries`.*1 to 100/],
    ['no pause', { targets: [target], everyMs: 0 }, /`notify\.everyMs`.*10 to/],
    ['a word for a truth', { targets: [target], allowHttp: 'yes' }, /`notify\.allowHttp`/],
  ])('with %s is refused, with what to do', async (_what, notify, expected) => {
    expect(await messageOf(notify)).toMatch(expected)
  })

  it('never shows a secret or a URL in what it says', async () => {
    const mistyped = `${secret}!`
    const slack = 'http://hooks.slack.example/services/T0/B0/XYZ'
    for (const notify of [
      withTarget({ secret: mistyped }),
      withTarget({ url: slack }),
      withTarget({ url: `${slack} ` }),
      withTarget({ name: slack }),
      { targets: [target], link: `javascript:${secret}` },
    ]) {
      const message = await messageOf(notify)
      expect(message).not.toContain(secret.slice(6))
      expect(message).not.toContain('XYZ')
    }
  })

  it.each(['http://127.0.0.1:8080/', 'http://localhost/', 'http://[::1]:1/'])(
    'takes http to this host: %s',
    async (url) => {
      const options = { directory: temporaryFolder(), store: new Keyv(), policies: overview }
      const notify = withTarget({ url }) as NotifyOptions
      await (await createLelu({ ...options, notify })).close()
    },
  )

  it('takes http to another host where it is allowed', async () => {
    const options = { directory: temporaryFolder(), store: new Keyv(), policies: overview }
    const notify = { ...withTarget({ url: 'http://ops.internal/' }), allowHttp: true }
    await (await createLelu({ ...options, notify: notify as NotifyOptions })).close()
  })
})
