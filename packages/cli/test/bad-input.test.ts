import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { queueOfOne, run, temporaryFolder, trade, writeRequest } from './support.ts'

const good = 'package lelu.authz\n\nallow if input.confidence >= 0.9\n'

type Place = { folder: string; policies: string; request: string; directory: string; id: string }

/** Everything in order, and one call that waits for approval. */
async function place(): Promise<Place> {
  const folder = temporaryFolder()
  const policies = join(folder, 'policies')
  mkdirSync(policies)
  writeFileSync(join(policies, 'policy.rego'), good)
  const { directory, id } = await queueOfOne()
  return { folder, policies, request: writeRequest(folder), directory, id }
}

/** Every file of a folder with its text, to see that nothing changed. */
function contents(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
  const files = names.filter((name) => statSync(join(folder, name)).isFile())
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, name), 'latin1')]))
}

const decide = ({ policies, request, directory }: Place) => [
  'decide',
  '--policies',
  policies,
  '--input',
  request,
  '-C',
  directory,
]

type BadInput = [name: string, code: string, says: RegExp, spoil: (place: Place) => void]

const refused: BadInput[] = [
  [
    'broken Rego',
    'LELU_POLICY_INVALID',
    /policy\.rego:4:1: /,
    ({ policies }) =>
      writeFileSync(join(policies, 'policy.rego'), 'package lelu.authz\n\nallow if {\n'),
  ],
  [
    'a missing policy folder',
    'LELU_POLICY_NOT_FOUND',
    /policies/,
    ({ policies }) => rmSync(policies, { recursive: true }),
  ],
  [
    'an empty policy folder',
    'LELU_POLICY_INVALID',
    /no policy/,
    ({ policies }) => rmSync(join(policies, 'policy.rego')),
  ],
  [
    'an empty policy file',
    'LELU_POLICY_INVALID',
    /./,
    ({ policies }) => writeFileSync(join(policies, 'policy.rego'), ''),
  ],
  [
    'a policy without any of the three rules',
    'LELU_POLICY_INVALID',
    /none of the rules allow, require_approval and deny/,
    ({ policies }) =>
      writeFileSync(join(policies, 'policy.rego'), 'package lelu.authz\n\nallowed := true\n'),
  ],
  [
    'policy data that is not JSON',
    'LELU_POLICY_INVALID',
    /data\.json is not JSON/,
    ({ policies }) => writeFileSync(join(policies, 'data.json'), '{"a":}'),
  ],
  [
    'a policy that is not text',
    'LELU_POLICY_INVALID',
    /not UTF-8/,
    ({ policies }) => writeFileSync(join(policies, 'policy.rego'), Buffer.from([0xff, 0xfe, 0])),
  ],
  ['a missing request', 'LELU_FILE_FAILED', /request\.json/, ({ request }) => rmSync(request)],
  [
    'a folder as the request',
    'LELU_FILE_FAILED',
    /./,
    ({ request }) => {
      rmSync(request)
      mkdirSync(request)
    },
  ],
  [
    'an empty request',
    'LELU_REQUEST_INVALID',
    /not JSON/,
    ({ request }) => writeFileSync(request, ''),
  ],
  [
    'a request that is not JSON',
    'LELU_REQUEST_INVALID',
    /not JSON/,
    ({ request }) => writeFileSync(request, "{subject: 'x'}"),
  ],
  [
    'a request that is not UTF-8',
    'LELU_REQUEST_INVALID',
    /not JSON/,
    ({ request }) => writeFileSync(request, Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])),
  ],
  [
    'two requests in one file',
    'LELU_REQUEST_INVALID',
    /not JSON/,
    ({ request }) => writeFileSync(request, `${JSON.stringify(trade())}${JSON.stringify(trade())}`),
  ],
  [
    'a key that stands twice',
    'LELU_REQUEST_INVALID',
    /./,
    ({ request }) =>
      writeFileSync(request, JSON.stringify(trade()).replace('{"symbol"', '{"amount":1,"symbol"')),
  ],
  [
    'a confidence that is text',
    'LELU_REQUEST_INVALID',
    /confidence\.value/,
    ({ request }) => writeFileSync(request, JSON.stringify(trade()).replace('0.85', '"0.99"')),
  ],
  [
    'a confidence above 1',
    'LELU_REQUEST_INVALID',
    /confidence\.value/,
    ({ request }) => writeFileSync(request, JSON.stringify(trade()).replace('0.85', '85')),
  ],
  [
    'a subject of no known type',
    'LELU_REQUEST_INVALID',
    /subject\.type/,
    ({ request }) =>
      writeFileSync(request, JSON.stringify(trade()).replace('"type":"agent"', '"type":"admin"')),
  ],
  [
    'a misspelt field',
    'LELU_REQUEST_INVALID',
    /confidance/,
    ({ request }) =>
      writeFileSync(request, JSON.stringify(trade()).replace('"confidence"', '"confidance"')),
  ],
  [
    '5 MB of input',
    'LELU_INPUT_TOO_LARGE',
    /larger than/,
    ({ request }) =>
      writeFileSync(
        request,
        JSON.stringify(trade({ call: { id: 'c', tool: 'trade', input: 'x'.repeat(5_000_000) } })),
      ),
  ],
  [
    'a corrupt database',
    'LELU_STORE_CORRUPT',
    /damaged/,
    ({ directory }) => {
      for (const tail of ['', '-wal', '-shm'])
        rmSync(join(directory, `approvals.db${tail}`), { force: true })
      writeFileSync(join(directory, 'approvals.db'), 'this is no database '.repeat(500))
    },
  ],
  [
    'a corrupt key file',
    'LELU_KEYS_INVALID',
    /not JSON/,
    ({ directory }) => writeFileSync(join(directory, 'keys', 'keyring.json'), '{"v":1,"signing":['),
  ],
  [
    'a key file of something else',
    'LELU_KEYS_INVALID',
    /not a key ring/,
    ({ directory }) => writeFileSync(join(directory, 'keys', 'keyring.json'), '{}'),
  ],
  [
    'a key file that others can read',
    'LELU_KEYS_INVALID',
    /chmod 600/,
    ({ directory }) => chmodSync(join(directory, 'keys', 'keyring.json'), 0o644),
  ],
]

for (const [name, code, says, spoil] of refused) {
  test(`decide refuses ${name} with ${code}, and changes nothing on the disk`, async () => {
    const spoilt = await place()
    spoil(spoilt)
    const before = contents(spoilt.directory)
    const answer = await run(decide(spoilt))
    expect(answer.stderr).toMatch(new RegExp(`^${code}\\n\\n {2}× [\\s\\S]*\\n {2}help: \\S`))
    expect(answer.stderr).toMatch(says)
    expect(answer.stdout).toBe('')
    expect(answer.code).toBe(1)
    const { cache: _, ...after } = contents(spoilt.directory) as Record<string, string> & {
      cache?: string
    }
    for (const [file, text] of Object.entries(before)) expect(after[file], file).toBe(text)
    expect(Object.keys(after).filter((file) => file.startsWith('audit'))).toEqual(
      Object.keys(before).filter((file) => file.startsWith('audit')),
    )
  })
}

const deskFailures = refused.filter(([, code]) => /LELU_(STORE|KEYS)_/.test(code))

for (const [name, code, says, spoil] of deskFailures) {
  test(`approvals refuses ${name} with ${code}, as JSON when asked`, async () => {
    const spoilt = await place()
    spoil(spoilt)
    const {
      stdout,
      stderr,
      code: exit,
    } = await run(['approvals', 'list', '--json', '-C', spoilt.directory])
    const { error } = JSON.parse(stderr)
    expect(error.code).toBe(code)
    expect(error.message).toMatch(says)
    expect(error.help).not.toBe('')
    expect({ stdout, exit }).toEqual({ stdout: '', exit: 1 })
  })
}

test('an error never repeats the input or a key', async () => {
  const spoilt = await place()
  writeFileSync(spoilt.request, '{"subject": "hunter2-secret')
  writeFileSync(join(spoilt.directory, 'keys', 'keyring.json'), '{"secret":"hunter2-secret')
  for (const argv of [decide(spoilt), ['approvals', 'list', '-C', spoilt.directory]]) {
    const { stderr, code } = await run(argv)
    expect(stderr).toMatch(/^LELU_/)
    expect(stderr).not.toContain('hunter2')
    expect(code).toBe(1)
  }
})

test('a file in the place of the directory is refused and kept', async () => {
  const { policies, request, folder } = await place()
  const directory = join(folder, 'file')
  writeFileSync(directory, 'mine')
  for (const argv of [
    ['decide', '--policies', policies, '--input', request],
    ['approvals', 'list'],
    ['init', join(folder, 'new')],
  ]) {
    const { code, stderr } = await run([...argv, '-C', directory])
    expect(stderr).toMatch(/^(made .*\n)*LELU_[\s\S]*help: /)
    expect(stderr).not.toContain('LELU_CLI_DEFECT')
    expect(code).toBe(1)
  }
  expect(readFileSync(directory, 'utf8')).toBe('mine')
})

test('a directory that cannot be made is an error that says so', async () => {
  const { policies, request } = await place()
  const { code, stderr } = await run([
    'decide',
    '--policies',
    policies,
    '--input',
    request,
    '-C',
    '/proc/lelu',
  ])
  expect(stderr).toMatch(/^LELU_[\s\S]*\/proc\/lelu[\s\S]*help: /)
  expect(code).toBe(1)
})
