import type { Introspection, RevokeTarget, Tokens } from '@lelu/engine'
import type { CommandContext } from '../command-context.ts'
import { CliError } from '../fail.ts'
import type { Io } from '../io.ts'
import { withDesk } from '../open-desk.ts'
import { scopeOf } from '../option-values.ts'
import { moment, report, safeJson, safeText, table } from '../print.ts'
import { localReviewer } from '../reviewer.ts'

type EngineOptions = { issuer?: string; audience?: string }
type RevokeOptions = EngineOptions & {
  token?: string
  approval?: string
  grant?: string
  agent?: string
  user?: string
  key?: string
  tenant?: string
  all?: true
  reason?: string
}

/** Longer than any token, with room for a line's end. Bytes. */
const mostTokenBytes = 16 * 1024

async function readToken(io: Io, token: string): Promise<string> {
  return token === '-' ? (await io.readStdin(mostTokenBytes)).toString('utf8').trim() : token
}

function onTokens<T>(
  context: CommandContext,
  { issuer, audience }: EngineOptions,
  use: (tokens: Omit<Tokens, 'mint'>) => Promise<T>,
): Promise<T> {
  const options = {
    ...(issuer !== undefined && { issuer }),
    ...(audience !== undefined && { audience }),
  }
  return withDesk(context, ({ tokens }) => use(tokens), options)
}

/** `tokens introspect`. */
export async function introspect(
  context: CommandContext,
  token: string,
  options: EngineOptions & { tenant?: string },
): Promise<void> {
  const scope = scopeOf(options)
  const text = await readToken(context.io, token)
  const answer = await onTokens(context, options, (tokens) => tokens.introspect(text, scope))
  report(context, answer, introspectionLines(answer, Date.now()))
}

function introspectionLines(answer: Introspection, now: number): string[] {
  if (!answer.active)
    return [
      'Not active: it was not made here, or was spent, superseded or revoked, or has expired.',
    ]
  const [detail] = answer.authorization_details
  const rows = [
    ['approval', detail.approval_id],
    ['action', detail.tool],
    ['for', answer.sub],
    ['acting', safeJson(answer.act, 0)],
    ['input digest', detail.input_sha256],
    ['issuer', answer.iss],
    ['audience', answer.aud],
    ['tenant', answer.tenant],
    ['token id', answer.jti],
    ['expires', moment(answer.exp * 1000, now)],
  ]
  return [
    'Active: it can be redeemed once.',
    ...table(rows.map(([label = '', value = '']) => [`  ${label}`, safeText(value)])),
  ]
}

/** `tokens revoke`. */
export async function revoke(context: CommandContext, options: RevokeOptions): Promise<void> {
  const target = await targetOf(context.io, options)
  const { reason } = options
  const by = localReviewer()
  await onTokens(context, options, (tokens) =>
    tokens.revoke(target, {
      by,
      ...(reason !== undefined && { reason }),
      // The tenant of the caller, or the target: both may be.
      ...scopeOf(options),
    }),
  )
  report(
    context,
    { revoked: 'token' in target ? { token: true } : target, by },
    `Revoked ${nameOf(target)}. It holds from the next redeem on, in every process; calls that run already cannot be called back.`,
  )
}

async function targetOf(io: Io, options: RevokeOptions): Promise<RevokeTarget> {
  const { token, approval, grant, agent, user, key, tenant, all } = options
  if (token !== undefined) return { token: await readToken(io, token) }
  if (approval !== undefined) return { approval }
  if (grant !== undefined) return { grant }
  if (agent !== undefined) return { agent }
  if (user !== undefined) return { user }
  if (key !== undefined) return { key }
  if (tenant !== undefined) return { tenant }
  if (all !== undefined) return { all }
  throw new CliError('LELU_USAGE_INVALID', 'Nothing was named to revoke.', {
    help: 'Name one of --token, --approval, --grant, --agent, --user, --key, --tenant, --all.',
  })
}

function nameOf(target: RevokeTarget): string {
  if ('token' in target) return 'the token'
  if ('all' in target) return 'everything approved so far'
  const [[kind, id] = ['', '']] = Object.entries(target)
  return `${kind} ${safeText(id)}`
}
