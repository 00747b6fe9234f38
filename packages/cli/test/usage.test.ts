import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { run, runBin } from './support.ts'

const misuses: [name: string, argv: string[], says: RegExp][] = [
  [
    'an unknown command',
    ['aprovals', 'list'],
    /Unknown command 'aprovals'.*\n.*Did you mean approvals\?/,
  ],
  ['help for an unknown command', ['help', 'aprovals'], /Unknown command 'aprovals'/],
  [
    'help for an unknown subcommand',
    ['help', 'approvals', 'lst'],
    /Unknown command 'approvals lst'/,
  ],
  ['an unknown subcommand', ['approvals', 'lst'], /Unknown command 'lst'.*\n.*Did you mean list\?/],
  [
    'an unknown flag',
    ['approvals', 'list', '--jsn'],
    /Unknown option '--jsn'.*\n.*Did you mean --json\?/,
  ],
  [
    'a flag for another reviewer',
    ['approvals', 'approve', 'apr_1', '--reviewer', 'bob'],
    /Unknown option '--reviewer'/,
  ],
  [
    'a flag for another user',
    ['approvals', 'approve', 'apr_1', '--as', 'bob'],
    /Unknown option '--as'/,
  ],
  [
    'an id that begins with a dash, without --',
    ['audit', 'show', '-MRXT3ux'],
    /Unknown option '-MRXT3ux'.*\n.*An id that begins with - goes after --\./,
  ],
  ['a missing argument', ['approvals', 'show'], /Missing required argument 'id'/],
  ['too many arguments', ['approvals', 'show', 'a', 'b'], /Too many arguments/],
  [
    'a missing option',
    ['approvals', 'deny', 'apr_1'],
    /Required option '--reason <text>' not specified/,
  ],
  [
    // The model is to read it; a variable of the shell was not set.
    'an empty reason',
    ['approvals', 'deny', 'apr_1', '--reason', ' '],
    /Option '--reason <text>' argument ' ' is invalid\. It is empty\./,
  ],
  ['a missing value', ['decide', '--policies'], /Option '--policies <dir>' argument missing/],
  ['a number that is none', ['approvals', 'list', '--limit', '1e3'], /whole number from 1 to 500/],
  [
    'a state that is none',
    ['approvals', 'list', '--state', 'waiting'],
    /no state waiting.*\n.*pending, approved/,
  ],
  ['two things to revoke', ['tokens', 'revoke', '--all', '--agent', 'a'], /cannot be used with/],
  ['nothing to revoke', ['tokens', 'revoke'], /Nothing was named to revoke/],
  [
    // The second alone would be stopped, and the first believed to be.
    'two agents to stop',
    ['stop', '--agent', 'a', '--agent', 'b'],
    /Option '--agent <id>' was given twice/,
  ],
  [
    // The rules of the first would not be asked.
    'two folders of policies',
    ['decide', '--policies', 'base', '--input', '-', '--policies=more'],
    /Option '--policies <dir>' was given twice/,
  ],
  ['opposite flags', ['policy', 'fmt', '.', '--check', '--write'], /cannot be used with/],
]

for (const [name, argv, says] of misuses) {
  test(`${name} is misuse: exit code 2, and a sentence that helps`, async () => {
    const { code, stdout, stderr } = await run(argv)
    expect(stderr).toMatch(/^LELU_USAGE_INVALID\n\n {2}× /)
    expect(stderr).toMatch(says)
    expect(stderr).toContain('help: ')
    expect(stdout).toBe('')
    expect(code).toBe(2)
  })
}

test('with --json an error is one JSON document on standard error', async () => {
  for (const argv of [
    ['--json', 'nonsense'],
    ['approvals', '--json'],
    ['approvals', 'list', '--json', '--nonsense'],
  ]) {
    const { code, stdout, stderr } = await run(argv)
    const { error } = JSON.parse(stderr)
    expect(Object.keys(error)).toEqual(['code', 'message', 'help', 'details'])
    expect(error.code).toBe('LELU_USAGE_INVALID')
    expect(stdout).toBe('')
    expect(code).toBe(2)
  }
})

test('a command without its subcommand shows its help on standard error', async () => {
  const { code, stdout, stderr } = await run(['approvals'])
  expect(stderr).toContain('Usage: lelu approvals')
  expect(stdout).toBe('')
  expect(code).toBe(2)
})

test.each([
  [['help', 'approvals', 'approve'], 'Usage: lelu approvals approve [options] <id>'],
  [['approvals', 'help', 'approve'], 'Usage: lelu approvals approve [options] <id>'],
  [['help', 'approvals'], 'Usage: lelu approvals [options] [command]'],
  [['help', 'stop'], 'Usage: lelu stop [options]'],
  [['help'], 'Usage: lelu [options] [command]'],
])('%j shows the help of what it names', async (argv, usage) => {
  const { code, stdout, stderr } = await run(argv)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout.split('\n')[0]).toBe(usage)
})

test('help and version end with 0, and loading nothing makes them quick', async () => {
  const watch = `import { registerHooks } from 'node:module'
    registerHooks({ resolve(name, context, next) {
      const found = next(name, context)
      if (/packages\\/(engine|audit|rego)\\//.test(found.url)) console.error('loaded', found.url)
      return found
    } })`
  const node = [`--import=data:text/javascript,${encodeURIComponent(watch)}`]
  const [help, used] = await Promise.all([
    runBin(['--help'], { node }),
    runBin(['audit', 'verify', '/nowhere'], { node }),
  ])
  expect(help).toMatchObject({ code: 0, stderr: '' })
  expect(help.stdout).toContain('Usage: lelu')
  expect(used.stderr).toContain('loaded') // the watch works
})

test('the version is that of the package', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  expect((await run(['--version'])).stdout).toBe(`${version}\n`)
})

test('--directory is taken before and after the command, and LELU_DIRECTORY without it', async () => {
  const before = await run(['--directory', '/nowhere/1', 'approvals', 'list'])
  const after = await run(['approvals', 'list', '--directory', '/nowhere/2'])
  const fromEnv = await run(['approvals', 'list'], { env: { LELU_DIRECTORY: '/nowhere/3' } })
  const both = await run(['approvals', 'list', '-C', '/nowhere/4'], {
    env: { LELU_DIRECTORY: '/nowhere/3' },
  })
  for (const [index, { code, stderr }] of [before, after, fromEnv, both].entries()) {
    expect(stderr).toContain(`LELU_DIRECTORY_NOT_FOUND`)
    expect(stderr).toContain(`/nowhere/${index + 1}`)
    expect(code).toBe(1)
  }
})

test('help says which options are needed, and which may be given again', async () => {
  const { stdout } = await run(['decide', '--help'])
  const words = stdout.replaceAll(/\s+/g, ' ')
  expect(words).toContain('the folder of your Rego files (required)')
  expect(words).toContain('an obligation your host carries out; may be given again -h')
})
