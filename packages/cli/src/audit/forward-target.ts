import type { ForwardTarget } from '@lelu/audit/reading'
import { CliError } from '../fail.ts'
import type { Io } from '../io.ts'

export type TargetOptions = { otlp?: string | true; ocsf?: string }

/** Where `audit forward` sends to. Headers come from the environment: a command line is seen by every user. */
export async function forwardTarget(
  { otlp, ocsf }: TargetOptions,
  { env, write }: Io,
): Promise<ForwardTarget> {
  if ((otlp === undefined) === (ocsf === undefined)) {
    throw new CliError('LELU_USAGE_INVALID', 'It was not said where to send to.', {
      help: 'Pass either --otlp URL, or --ocsf with a file, a URL, or - for standard output.',
    })
  }
  const { ocsfFileTarget, ocsfHttpTarget, ocsfLinesTarget, otlpTarget } = await import(
    '@lelu/audit/reading'
  )
  if (ocsf === '-') return ocsfLinesTarget('standard output', write)
  if (ocsf !== undefined) {
    if (!/^[a-z]+:\/\//i.test(ocsf)) return ocsfFileTarget(ocsf)
    return ocsfHttpTarget({ url: ocsf, headers: readHeaders('LELU_OCSF_HEADERS', env) })
  }
  const name = env.OTEL_EXPORTER_OTLP_LOGS_HEADERS
    ? 'OTEL_EXPORTER_OTLP_LOGS_HEADERS'
    : 'OTEL_EXPORTER_OTLP_HEADERS'
  const url = typeof otlp === 'string' ? otlp : fromEnvironment(env)
  return otlpTarget({ url, headers: readHeaders(name, env) })
}

/** As the OpenTelemetry SDKs: an endpoint for logs as it is, the common one with the path of logs behind it. */
function fromEnvironment(env: Io['env']): string {
  if (env.OTEL_EXPORTER_OTLP_LOGS_ENDPOINT) return env.OTEL_EXPORTER_OTLP_LOGS_ENDPOINT
  const common = env.OTEL_EXPORTER_OTLP_ENDPOINT
  if (common) return `${common.replace(/\/+$/, '')}/v1/logs`
  throw new CliError('LELU_USAGE_INVALID', 'There is no URL of a collector.', {
    help: 'Pass it (--otlp http://127.0.0.1:4318), or set OTEL_EXPORTER_OTLP_ENDPOINT.',
  })
}

const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/** `name=value,name=value`, percent-encoded (W3C Baggage), as OTEL_EXPORTER_OTLP_HEADERS is. No message quotes it. */
function readHeaders(variable: string, env: Io['env']): Record<string, string> {
  const pairs = (env[variable] ?? '').split(',').filter((pair) => pair.trim() !== '')
  return Object.fromEntries(
    pairs.map((pair) => {
      const [name = '', ...rest] = pair.split('=')
      const value = decode(rest.join('=').trim())
      if (headerName.test(name.trim()) && rest.length > 0 && value !== undefined)
        return [name.trim(), value]
      throw new CliError('LELU_INPUT_INVALID', `${variable} holds no headers.`, {
        help: 'Write it as name=value,name=value; a space in a value is %20, a comma %2C.',
        details: { variable },
      })
    }),
  )
}

function decode(text: string): string | undefined {
  try {
    const value = decodeURIComponent(text)
    return /^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(value) ? value : undefined
  } catch {
    return undefined
  }
}
