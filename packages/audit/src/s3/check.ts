import { newUlid } from '../record/ulid.ts'
import { sinkUnsafe } from '../sink/errors.ts'
import { canaryPrefix } from '../sink/layout.ts'
import type { SinkCheck, SinkFinding } from '../sink/sink.ts'
import type { Call, Connection } from './connection.ts'
import { nameOf, statusOf } from './errors.ts'
import type { S3Lock } from './options.ts'
import { bodyOf, holdOf } from './put.ts'
import { type Place, readVersion } from './versions.ts'

export type CheckOptions = {
  connection: Connection
  place: Place
  /** What each key begins with. */
  root: string
  name: string
  lock: S3Lock | undefined
  immutable: 'required' | 'preferred'
}

/** A canary is held for a minute: long enough to be tried, too short to be paid for. */
const canaryMs = 60_000

/**
 * Tries what the store does, for some take locks and do not keep them: puts an object that is held for a minute under
 * `v1/_canary/`, and then tries to delete it, to shorten its retention and to store wrong bytes.
 */
export async function checkBucket(options: CheckOptions): Promise<SinkCheck> {
  const { connection, place, name, lock, immutable } = options
  const findings = await connection.call('asking how the bucket is set up', (call) =>
    askBucket(call, place),
  )
  let isImmutable = false
  if (lock === undefined) {
    const detail = 'objects are put without a lock, as the options say'
    findings.push({ check: 'objects are held', ok: false, detail })
  } else {
    findings.push(
      ...(await connection.call('trying the lock', (call) => tryLock(call, options, lock))),
    )
    isImmutable = findings.every(({ ok }) => ok)
  }
  const check: SinkCheck = {
    sink: name,
    immutable: isImmutable,
    mode: lock?.mode ?? null,
    days: lock?.days ?? null,
    checked: new Date(connection.time()).toISOString(),
    findings,
  }
  if (immutable === 'required' && !isImmutable) throw sinkUnsafe(check)
  return check
}

async function askBucket(call: Call, place: Place): Promise<SinkFinding[]> {
  const { client, sdk, options, clocked } = call
  const versioning = await attempt(() =>
    client.send(clocked(new sdk.GetBucketVersioningCommand(place)), options),
  )
  const locking = await attempt(() =>
    client.send(clocked(new sdk.GetObjectLockConfigurationCommand(place)), options),
  )
  const status = versioning.refused ?? versioning.answer?.Status ?? 'off'
  const enabled =
    locking.refused ?? locking.answer?.ObjectLockConfiguration?.ObjectLockEnabled ?? 'off'
  return [
    { check: 'versioning is on', ok: status === 'Enabled', detail: status },
    { check: 'Object Lock is on', ok: enabled === 'Enabled', detail: enabled },
  ]
}

async function tryLock(
  call: Call,
  { connection, place, root }: CheckOptions,
  lock: S3Lock,
): Promise<SinkFinding[]> {
  const { client, sdk, options, clocked } = call
  const key = `${root}${canaryPrefix}${newUlid(connection.time())}`
  // Whole seconds: some stores keep no parts of them.
  const until = Math.ceil((connection.time() + canaryMs) / 1000) * 1000
  const hold = holdOf(lock, until)
  const bytes = Buffer.from(`A trial of Object Lock, held until ${new Date(until).toISOString()}\n`)
  const put = (Key: string, body: ReturnType<typeof bodyOf>) => {
    const input = { ...place, Key, ContentType: 'text/plain', ...body, ...hold }
    return attempt(() => client.send(clocked(new sdk.PutObjectCommand(input)), options))
  }

  const stored = await put(key, bodyOf(bytes))
  const id = stored.answer?.VersionId
  const taken = stored.refused ?? (id === undefined ? 'it gave no version' : 'stored')
  const findings = [finding('a locked object is taken', taken === 'stored', taken)]
  if (id === undefined) return findings
  const version = { ...place, Key: key, VersionId: id }

  const held = await howHeld(call, version, hold)
  findings.push(finding('the lock is kept', held.ok, held.detail))

  const removal = new sdk.DeleteObjectCommand(version)
  const { refused: kept } = await attempt(() => client.send(clocked(removal), options))
  const survives = (await readVersion(call, place, key, id))?.equals(bytes) === true
  const left = `${kept ?? 'accepted'}, ${survives ? 'still there' : 'gone'}`
  findings.push(finding('deletion is refused', kept !== undefined && survives, left))

  if (survives) {
    const Retention = { Mode: lock.mode, RetainUntilDate: new Date(until - canaryMs / 2) }
    const change = new sdk.PutObjectRetentionCommand({ ...version, Retention })
    const { refused } = await attempt(() => client.send(clocked(change), options))
    const now = await howHeld(call, version, hold)
    const detail = `${refused ?? 'accepted'}, then ${now.detail}`
    findings.push(finding('shortening is refused', refused !== undefined && now.ok, detail))
  }

  const wrong = await put(`${key}-wrong`, { ...bodyOf(bytes), Body: Buffer.from('other bytes') })
  const refusedBytes = wrong.refused !== undefined
  findings.push(finding('wrong bytes are refused', refusedBytes, wrong.refused ?? 'accepted'))

  if (lock.legalHold === true && survives) {
    // Else a trial would be held for ever. Who may not lift it says so to whoever reads the bucket.
    const lift = { ...version, LegalHold: { Status: 'OFF' } } as const
    await attempt(() => client.send(clocked(new sdk.PutObjectLegalHoldCommand(lift)), options))
  }
  return findings
}

const finding = (check: string, ok: boolean, detail: string): SinkFinding => ({ check, ok, detail })

type Version = Place & { Key: string; VersionId: string }

async function howHeld(
  { client, sdk, options, clocked }: Call,
  version: Version,
  hold: ReturnType<typeof holdOf>,
): Promise<{ ok: boolean; detail: string }> {
  const command = new sdk.HeadObjectCommand(version)
  const { answer, refused } = await attempt(() => client.send(clocked(command), options))
  if (answer === undefined) return { ok: false, detail: refused ?? 'no answer' }
  const { ObjectLockMode: mode, ObjectLockRetainUntilDate: until } = answer
  const isOn = answer.ObjectLockLegalHoldStatus === 'ON'
  const ok =
    mode === hold.ObjectLockMode &&
    Number(until) >= Number(hold.ObjectLockRetainUntilDate) &&
    (isOn || hold.ObjectLockLegalHoldStatus === undefined)
  const held = mode === undefined ? 'not held' : `${mode} until ${until?.toISOString()}`
  return { ok, detail: `${held}${isOn ? ', legal hold' : ''}` }
}

/** Not what a store says of a request, but of whoever asks. */
const notOfTheStore = [
  'RequestTimeTooSkewed',
  'NoSuchBucket',
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
]

/** A refusal is an answer here; a store that fails or is not reached is none. */
async function attempt<T>(work: () => Promise<T>): Promise<{ answer?: T; refused?: string }> {
  try {
    return { answer: await work() }
  } catch (error) {
    const status = statusOf(error) ?? 0
    const isAnswer = (status >= 400 && status < 500) || status === 501
    const isFault = [408, 429].includes(status) || notOfTheStore.includes(nameOf(error))
    if (!isAnswer || isFault) throw error
    return { refused: `${status} ${nameOf(error)}` }
  }
}
