import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import type { Approval } from '@lelu/engine'
import { expect, test } from 'vitest'
import {
  queueOfOne,
  requirement,
  run,
  runBin,
  suspended,
  temporaryFolder,
  trade,
  withEngine,
} from './support.ts'

const me = { id: userInfo().username, issuer: `os:${hostname()}`, method: 'os-user' }

async function read(directory: string, id: string): Promise<Approval> {
  const { stdout, stderr } = await run(['approvals', 'show', id, '--json', '-C', directory])
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}

test('approve records the user of the operating system, bound to the digest that was read', async () => {
  const { directory, id } = await queueOfOne()
  const { code, stdout, questions } = await run([
    'approvals',
    'approve',
    id,
    '--reason',
    'fine',
    '-C',
    directory,
  ])
  const { state, votes, digest } = await read(directory, id)
  expect(stdout).toContain(`Approved ${id}`)
  expect(questions).toEqual([]) // no terminal: nobody is asked
  expect(code).toBe(0)
  expect(state).toBe('approved')
  expect(votes).toMatchObject([{ reviewer: me, verdict: 'approve', digest, reason: 'fine' }])
})

test('an approved call runs with the input that was approved', async () => {
  const { directory, id } = await queueOfOne()
  await run(['approvals', 'approve', id, '-C', directory])
  const outcome = await withEngine(directory, (lelu) => lelu.resume(id, async ({ input }) => input))
  expect(outcome).toMatchObject({ status: 'executed', value: { symbol: 'ACME', amount: 100 } })
  const { stdout } = await run(['approvals', 'show', id, '-C', directory])
  expect(stdout).toContain('completed')
})

test('approving a call that has run says what became of it, and not that the agent can go on', async () => {
  const { directory, id } = await queueOfOne()
  const approve = () => run(['approvals', 'approve', id, '-C', directory])
  expect((await approve()).stdout).toContain('The agent can go on')
  await withEngine(directory, (lelu) => lelu.resume(id, () => 'ran'))
  const { code, stdout, stderr } = await approve()
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(
    new RegExp(`^${id} was approved already and is completed; nothing is changed\\.`),
  )
})

test('no environment variable makes the reviewer somebody else', async () => {
  const { directory, id } = await queueOfOne()
  const names = [
    'USER',
    'LOGNAME',
    'USERNAME',
    'LNAME',
    'SUDO_USER',
    'HOSTNAME',
    'HOST',
    'LELU_REVIEWER',
    'LELU_USER',
  ]
  const env = Object.fromEntries(names.map((name) => [name, 'mallory']))
  const { code, stderr } = await runBin(['approvals', 'approve', id, '-C', directory], { env })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect((await read(directory, id)).votes.map((vote) => vote.reviewer)).toEqual([me])
})

test('a digest that is not the one of the input is refused, and nothing is decided', async () => {
  const { directory, id } = await queueOfOne()
  for (const argv of [
    ['approve', id],
    ['deny', id, '--reason', 'no'],
  ]) {
    const { code, stderr } = await run(['approvals', ...argv, '--digest', 'other', '-C', directory])
    expect(stderr).toContain('LELU_APPROVAL_STATE')
    expect(code).toBe(1)
  }
  expect(await read(directory, id)).toMatchObject({ state: 'pending', votes: [] })
  const { digest } = await read(directory, id)
  expect((await run(['approvals', 'approve', id, '--digest', digest, '-C', directory])).code).toBe(
    0,
  )
})

test('on a terminal approve shows the call and asks; only a yes approves', async () => {
  const { directory, id } = await queueOfOne()
  for (const answer of ['', 'n', 'no', 'yesterday', 'approve']) {
    const { code, stdout, stderr, questions } = await run(
      ['approvals', 'approve', id, '-C', directory],
      { terminal: true, answer },
    )
    expect(questions).toEqual([`Approve this call as ${me.id}? [y/N] `])
    expect(stdout).toContain('"symbol": "ACME"')
    expect(stderr).toContain('LELU_REVIEW_DECLINED')
    expect(code).toBe(1)
  }
  expect((await read(directory, id)).state).toBe('pending')
  expect(
    (await run(['approvals', 'approve', id, '-C', directory], { terminal: true, answer: 'y' }))
      .code,
  ).toBe(0)
  expect((await read(directory, id)).state).toBe('approved')
})

test('--yes and --json do not ask', async () => {
  for (const flag of ['--yes', '--json']) {
    const { directory, id } = await queueOfOne()
    const { code, questions } = await run(['approvals', 'approve', id, flag, '-C', directory], {
      terminal: true,
    })
    expect({ code, questions }).toEqual({ code: 0, questions: [] })
  }
})

test('what was shown is what is approved: an input edited meanwhile is refused', async () => {
  const directory = join(temporaryFolder(), 'lelu')
  const schema = { type: 'object' }
  const id = await suspended(
    directory,
    trade({ call: { id: 'c', tool: 'trade', input: { amount: 1 }, schema } }),
    [requirement({ quorum: 2 })],
  )
  const edit = () =>
    withEngine(
      directory,
      (lelu) =>
        lelu.approvals.review(id, {
          verdict: 'approve',
          reviewer: { ...me, id: 'carol' },
          input: { amount: 1_000_000 },
        }),
      [requirement({ quorum: 2 })],
    )
  const { code, stderr } = await runAsking(['approvals', 'approve', id, '-C', directory], edit)
  expect(stderr).toContain('LELU_APPROVAL_STATE')
  expect(code).toBe(1)
  const { votes } = await read(directory, id)
  expect(votes.map((vote) => vote.reviewer.id)).toEqual(['carol'])
})

/** Answers yes, after something else has happened between the showing and the answer. */
async function runAsking(argv: string[], meanwhile: () => Promise<unknown>) {
  const { runCli } = await import('../src/index.ts')
  let stderr = ''
  const code = await runCli(argv, {
    write: () => {},
    writeError: (text) => {
      stderr += text
    },
    readStdin: async () => Buffer.alloc(0),
    ask: async () => {
      await meanwhile()
      return 'y'
    },
    terminal: { stdin: true, stdout: true, stderr: true },
    env: {},
    signal: new AbortController().signal,
  })
  return { code, stderr }
}

test('a vote that is not the last one says how many there are and how many are needed', async () => {
  const directory = join(temporaryFolder(), 'lelu')
  const id = await suspended(directory, trade(), [requirement({ quorum: 2 })])
  const { code, stdout } = await run(['approvals', 'approve', id, '-C', directory])
  expect(stdout).toContain('1 so far, at least 2 needed')
  expect(code).toBe(0)
  expect((await read(directory, id)).state).toBe('pending')
})

test('whoever the call is made for cannot approve it', async () => {
  const directory = join(temporaryFolder(), 'lelu')
  const id = await suspended(
    directory,
    trade({ subject: { id: 'bot', type: 'agent', actingFor: { id: me.id, type: 'user' } } }),
  )
  const { code, stderr } = await run(['approvals', 'approve', id, '-C', directory])
  expect(stderr).toContain('LELU_REVIEWER_NOT_ELIGIBLE')
  expect(code).toBe(1)
  expect((await read(directory, id)).state).toBe('pending')
})

test('a no that does not end the call by its policy is told as what it is', async () => {
  const directory = join(temporaryFolder(), 'lelu')
  const id = await suspended(directory, trade(), [requirement({ quorum: 2, veto: false })])
  const shown = await run(['approvals', 'show', id, '-C', directory])
  expect(shown.stdout).toContain('  2 reviewers; as many to deny it (not_sure_enough)')
  const { stdout } = await run(['approvals', 'deny', id, '--reason', 'no', '-C', directory])
  expect(stdout).toContain(`Your vote against ${id} is recorded: 1 so far.`)
  expect(stdout).toContain('it stays pending')
  expect((await read(directory, id)).state).toBe('pending')
})

test('votes from before an edit do not count, and show says so', async () => {
  const directory = join(temporaryFolder(), 'lelu')
  const call = { ...trade().call, schema: { type: 'object' } }
  const id = await suspended(directory, trade({ call }), [requirement({ quorum: 3 })])
  expect((await run(['approvals', 'approve', id, '-C', directory])).stdout).toContain('1 so far')
  const by = (name: string) => ({ id: name, issuer: 'os:elsewhere', method: 'os-user' })
  await withEngine(
    directory,
    async ({ approvals }) => {
      const { input } = trade().call
      const edited = { symbol: 'ACME', amount: 50 }
      await approvals.review(id, { verdict: 'approve', reviewer: by('bob'), input: edited })
      await approvals.review(id, { verdict: 'approve', reviewer: by('carol'), input })
    },
    [requirement({ quorum: 3 })],
  )
  const { stdout } = await run(['approvals', 'approve', id, '-C', directory])
  expect(stdout).toContain('2 so far, at least 3 needed')
  const shown = await run(['approvals', 'show', id, '-C', directory])
  expect(shown.stdout.match(/does not count/g)).toHaveLength(2)
})

test('deny keeps the reason for the model, and a second decision comes too late', async () => {
  const { directory, id } = await queueOfOne()
  expect((await run(['approvals', 'deny', id, '--reason', 'too much', '-C', directory])).code).toBe(
    0,
  )
  expect(await read(directory, id)).toMatchObject({
    state: 'denied',
    reason: { id: 'reviewer_denied', message: 'A reviewer denied this call: too much' },
    votes: [{ reviewer: me, verdict: 'deny', reason: 'too much' }],
  })
  const late = await run(['approvals', 'approve', id, '-C', directory])
  expect(late.stderr).toMatch(/LELU_APPROVAL_STATE[\s\S]*is denied/)
  expect(late.code).toBe(1)
})
