import type { NotifyOptions } from '@lelu/engine'
import { CliError } from '../fail.ts'
import type { Io } from '../io.ts'
import { readInput } from '../read-text.ts'

const mostBytes = 1024 * 1024

/** Text that is `env:NAME` becomes what the environment holds under that name; URLs and secrets need no file so. */
function fromEnvironment(value: unknown, env: Io['env']): unknown {
  if (Array.isArray(value)) return value.map((one) => fromEnvironment(one, env))
  if (typeof value !== 'string' || !value.startsWith('env:')) return value
  const name = value.slice('env:'.length)
  const found = Object.hasOwn(env, name) ? env[name] : undefined
  if (found !== undefined && found !== '') return found
  throw new CliError('LELU_INPUT_INVALID', `The environment has no ${name}.`, {
    help: `The file of the targets names it. Set ${name}, or correct the file.`,
    details: { variable: name },
  })
}

function targetFrom(target: unknown, env: Io['env']): unknown {
  if (typeof target !== 'object' || target === null || Array.isArray(target)) return target
  const { url, secret, secrets } = target as { [member: string]: unknown }
  const secretly = Object.entries({ url, secret, secrets }).filter(([, one]) => one !== undefined)
  const read = secretly.map(([name, value]) => [name, fromEnvironment(value, env)])
  return { ...target, ...Object.fromEntries(read) }
}

/** The engine's option `notify` from a file; what is in it, the engine checks. No message quotes any of it. */
export async function readTargets(io: Io, file: string | undefined): Promise<NotifyOptions> {
  const named = file ?? (io.env.LELU_NOTIFY || undefined)
  if (named === undefined) {
    throw new CliError('LELU_USAGE_INVALID', 'It was not said where to deliver to.', {
      help: 'Pass --targets FILE (or LELU_NOTIFY): {"targets": [{"name": "ops", "type": "webhook", "url": "https://…", "secret": "env:OPS_SECRET"}]}',
    })
  }
  const text = (await readInput(io, named, mostBytes)).toString('utf8')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The parser's own message quotes the text, and with it perhaps a secret.
    throw new CliError('LELU_INPUT_INVALID', `${named} is no JSON.`, {
      help: 'Correct it: an object with `targets`, as the option `notify` of the engine.',
    })
  }
  const { targets } = (value ?? {}) as { targets?: unknown }
  if (!Array.isArray(targets)) return value as NotifyOptions
  return {
    ...(value as NotifyOptions),
    targets: targets.map((target) => targetFrom(target, io.env)) as never,
  }
}
