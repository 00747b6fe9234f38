import { noticeKinds } from '../approvals/notice.ts'
import { LeluError } from '../errors.ts'
import type { NotifyOptions, NotifyTarget } from './notify-options.ts'
import { webhookKey } from './webhook-signature.ts'

const options: Record<keyof NotifyOptions, true> = {
  targets: true,
  link: true,
  everyMs: true,
  maxTries: true,
  timeoutMs: true,
  allowHttp: true,
}
const members: Record<keyof NotifyTarget, true> = {
  name: true,
  type: true,
  url: true,
  secret: true,
  secrets: true,
  kinds: true,
}
const ranges = {
  everyMs: [10, 3_600_000],
  maxTries: [1, 100],
  timeoutMs: [10, 60_000],
} as const

function invalid(message: string, help: string): LeluError {
  return new LeluError('LELU_OPTIONS_INVALID', message, { help })
}

function checkNames(given: object, known: object, where: string): void {
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(known, name)) continue
    const help = `Its members are: ${Object.keys(known).join(', ')}.`
    throw invalid(`There is no \`${name}\` in ${where}.`, help)
  }
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
}

/** No message of these quotes what is wrong: the URL of a Slack target is a secret, and so is a mistyped secret. */
function checkUrl(where: string, text: unknown, allowHttp: boolean): void {
  const url = typeof text === 'string' ? URL.parse(text) : null
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw invalid(`The url of ${where} is none.`, 'Pass an absolute https URL.')
  }
  if (url.username !== '' || url.password !== '') {
    const help = 'Leave them out: a webhook is signed, and a Slack URL is a secret of its own.'
    throw invalid(`The url of ${where} holds a user or a password.`, help)
  }
  if (url.protocol === 'https:' || allowHttp || isLoopback(url.hostname)) return
  const help = 'Use https, or set `allowHttp` where the network between is one you trust.'
  throw invalid(`The url of ${where} is http to another host.`, help)
}

function checkSecrets(where: string, { type, secret, secrets }: Partial<NotifyTarget>): void {
  if (type === 'slack') {
    if (secret === undefined && secrets === undefined) return
    const help = 'Leave `secret` and `secrets` out: the URL itself is the secret.'
    throw invalid(`${where} is Slack-compatible and has no secret.`, help)
  }
  const given = secrets ?? (secret === undefined ? [] : [secret])
  const help =
    'Make one with `echo whsec_$(openssl rand -base64 32)`, and give it to the receiver as well.'
  if (!Array.isArray(given) || given.length === 0 || (secret !== undefined && secrets)) {
    throw invalid(`${where} needs \`secret\` or \`secrets\`: a webhook is always signed.`, help)
  }
  if (given.length > 4) {
    throw invalid(`${where} has more than four secrets.`, 'Drop the oldest ones.')
  }
  if (!given.every((one) => webhookKey(one) !== undefined)) {
    throw invalid(`A secret of ${where} is not \`whsec_\` and 24 to 64 bytes in base64.`, help)
  }
}

function checkTarget(target: unknown, index: number, allowHttp: boolean): string {
  if (!isObject(target)) {
    throw invalid(`Target ${index + 1} of \`notify\` is no object.`, 'Pass { name, type, url }.')
  }
  const { name, type, url, kinds } = target as Partial<NotifyTarget>
  if (typeof name !== 'string' || !/^[\w-]{1,40}$/.test(name)) {
    const help = 'Pass 1 to 40 letters, digits, `-` or `_`: records hold the name, never the URL.'
    throw invalid(`Target ${index + 1} of \`notify\` needs a \`name\`.`, help)
  }
  const where = `the target \`${name}\``
  checkNames(target, members, where)
  if (type !== 'webhook' && type !== 'slack') {
    throw invalid(`The type of ${where} is none.`, 'Pass `webhook` or `slack`.')
  }
  checkUrl(where, url, allowHttp)
  checkSecrets(where, target)
  if (
    kinds !== undefined &&
    !(Array.isArray(kinds) && kinds.every((kind) => noticeKinds.includes(kind)))
  ) {
    const help = `Pass a list of: ${noticeKinds.join(', ')}.`
    throw invalid(`The kinds of ${where} are not all known.`, help)
  }
  return name
}

/** A link text must be one that a browser opens, not one that runs (`javascript:`). */
export function isWebUrl(text: unknown): text is string {
  const url = typeof text === 'string' ? URL.parse(text) : null
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:')
}

/** Throws `LELU_OPTIONS_INVALID` with what to do. No message holds a URL or a secret. */
export function checkNotify(value: unknown): void {
  if (value === undefined) return
  if (!isObject(value)) {
    throw invalid(
      'The option `notify` must be an object.',
      'Pass { targets: [{ name, type, url }] }.',
    )
  }
  checkNames(value, options, 'the option `notify`')
  const { targets, link, allowHttp = false, ...numbers } = value as Partial<NotifyOptions>
  for (const [name, [min, max]] of Object.entries(ranges)) {
    const number: unknown = numbers[name as keyof typeof ranges]
    if (number === undefined) continue
    if (Number.isInteger(number) && Number(number) >= min && Number(number) <= max) continue
    const help = 'Correct it, or leave it out for the default.'
    throw invalid(`\`notify.${name}\` must be a whole number from ${min} to ${max}.`, help)
  }
  if (typeof allowHttp !== 'boolean') {
    throw invalid('`notify.allowHttp` must be true or false.', 'Leave it out for https alone.')
  }
  if (link !== undefined && typeof link !== 'function' && !isWebUrl(link)) {
    const help = 'Pass a URL that the id of an approval is put behind, or a function of the id.'
    throw invalid('`notify.link` must be an http or https URL, or a function.', help)
  }
  if (!Array.isArray(targets) || targets.length === 0 || targets.length > 20) {
    const help = 'Pass a list of 1 to 20 targets: { name, type, url }.'
    throw invalid('The option `notify` needs `targets`.', help)
  }
  const names = targets.map((target, index) => checkTarget(target, index, allowHttp))
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice === undefined) return
  const help = 'Give each a name of its own: by it a record knows who was told.'
  throw invalid(`Two targets of \`notify\` are named \`${twice}\`.`, help)
}
