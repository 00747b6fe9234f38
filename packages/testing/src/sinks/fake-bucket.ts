import { hash, randomBytes } from 'node:crypto'

/** What a store takes and does not keep to. Each is known of a store that people use. */
export type Weakness =
  /** Deletes what is locked. */
  | 'deletes'
  /** Lets COMPLIANCE be shortened. */
  | 'shortens'
  /** Takes the lock's headers and forgets them. */
  | 'forgets'
  /** Does not compare a checksum with the bytes. */
  | 'miscounts'
  /** Does not look whether something stands under the key. */
  | 'overlooks'

export type FakeBucketOptions = {
  versioned: boolean
  locked: boolean
  weak: readonly Weakness[]
  now: () => number
}

type Version = {
  id: string
  body: Buffer
  isMarker: boolean
  modified: number
  mode?: string | undefined
  until?: number | undefined
  hold: boolean
}

/** What the store answers with: an HTTP status, a code of S3, headers and a body. */
export type FakeAnswer = {
  status: number
  code?: string
  headers?: Record<string, string>
  body?: Buffer
}

type Headers = Record<string, string | string[] | undefined>

export type FakeBucket = {
  put(key: string, body: Buffer, headers: Headers): FakeAnswer
  get(key: string, id: string | null): FakeAnswer
  remove(key: string, id: string | null, headers: Headers): FakeAnswer
  retain(key: string, id: string | null, hold: { mode: string; until: number }): FakeAnswer
  setLegalHold(key: string, id: string | null, isOn: boolean): FakeAnswer
  /** All versions below a prefix in order of their keys, from the newest to the oldest. */
  below(prefix: string): { key: string; version: Version; isLatest: boolean }[]
}

const ok = (headers: Record<string, string> = {}, body?: Buffer): FakeAnswer => ({
  status: 200,
  headers,
  ...(body !== undefined && { body }),
})
const refusal = (status: number, code: string): FakeAnswer => ({ status, code })

export function fakeBucket({ versioned, locked, weak, now }: FakeBucketOptions): FakeBucket {
  const objects = new Map<string, Version[]>()
  const isWeak = (weakness: Weakness) => weak.includes(weakness)
  const isHeld = ({ until = 0, hold }: Version) => until > now() || hold

  function find(key: string, id: string | null): Version | undefined {
    const versions = objects.get(key) ?? []
    return id === null ? versions[0] : versions.find((version) => version.id === id)
  }

  function add(key: string, made: Omit<Version, 'id' | 'modified'>): Version {
    const version = {
      ...made,
      id: versioned ? randomBytes(8).toString('hex') : 'null',
      modified: now(),
    }
    objects.set(key, [version, ...(versioned ? (objects.get(key) ?? []) : [])])
    return version
  }

  /** As strict as AWS, which refuses what many other stores take. */
  function whyNot(key: string, body: Buffer, headers: Headers): FakeAnswer | undefined {
    const [sum, mode] = [headers['x-amz-checksum-sha256'], headers['x-amz-object-lock-mode']]
    const current = find(key, null)
    if (headers['content-encoding'] === 'aws-chunked') return refusal(501, 'NotImplemented')
    if (sum !== undefined && headers['x-amz-sdk-checksum-algorithm'] !== 'SHA256') {
      return refusal(400, 'InvalidRequest')
    }
    if (sum !== undefined && sum !== hash('sha256', body, 'base64') && !isWeak('miscounts')) {
      return refusal(400, 'BadDigest')
    }
    if (mode !== undefined && (!locked || sum === undefined)) return refusal(400, 'InvalidRequest')
    const until = Date.parse(`${headers['x-amz-object-lock-retain-until-date']}`)
    if (mode !== undefined && !(until > now())) return refusal(400, 'InvalidArgument')
    const stands = current !== undefined && !current.isMarker
    if (headers['if-none-match'] === '*' && stands && !isWeak('overlooks')) {
      return refusal(412, 'PreconditionFailed')
    }
    return undefined
  }

  return {
    put(key, body, headers) {
      const refused = whyNot(key, body, headers)
      if (refused !== undefined) return refused
      const mode = headers['x-amz-object-lock-mode'] as string | undefined
      const keeps = mode !== undefined && !isWeak('forgets')
      const version = add(key, {
        body,
        isMarker: false,
        mode: keeps ? mode : undefined,
        until: keeps ? Date.parse(`${headers['x-amz-object-lock-retain-until-date']}`) : undefined,
        hold: headers['x-amz-object-lock-legal-hold'] === 'ON',
      })
      return ok(versioned ? { 'x-amz-version-id': version.id } : {})
    },

    get(key, id) {
      const version = find(key, id)
      if (version === undefined || version.isMarker) {
        return refusal(404, id === null ? 'NoSuchKey' : 'NoSuchVersion')
      }
      const { mode, until, hold } = version
      const held = mode !== undefined && {
        'x-amz-object-lock-mode': mode,
        'x-amz-object-lock-retain-until-date': new Date(until ?? 0).toISOString(),
      }
      const headers = { ...held, 'x-amz-object-lock-legal-hold': hold ? 'ON' : 'OFF' }
      return ok(headers, version.body)
    },

    remove(key, id, headers) {
      if (id === null) {
        if (versioned) add(key, { body: Buffer.alloc(0), isMarker: true, hold: false })
        else objects.delete(key)
        return { status: 204 }
      }
      const version = find(key, id)
      if (version === undefined) return { status: 204 }
      const bypasses =
        version.mode === 'GOVERNANCE' &&
        !version.hold &&
        headers['x-amz-bypass-governance-retention'] === 'true'
      if (isHeld(version) && !bypasses && !isWeak('deletes')) return refusal(403, 'AccessDenied')
      const left = objects.get(key)?.filter((one) => one !== version) ?? []
      if (left.length === 0) objects.delete(key)
      else objects.set(key, left)
      return { status: 204 }
    },

    retain(key, id, { mode, until }) {
      const version = find(key, id)
      if (version === undefined) return refusal(404, 'NoSuchVersion')
      const loosens = until < (version.until ?? 0) || mode !== version.mode
      if (loosens && isHeld(version) && !isWeak('shortens')) return refusal(403, 'AccessDenied')
      Object.assign(version, { mode, until })
      return ok()
    },

    setLegalHold(key, id, isOn) {
      const version = find(key, id)
      if (version === undefined) return refusal(404, 'NoSuchVersion')
      version.hold = isOn
      return ok()
    },

    below(prefix) {
      const keys = [...objects.keys()]
        .filter((key) => key.startsWith(prefix))
        .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      return keys.flatMap((key) =>
        (objects.get(key) ?? []).map((version, at) => ({ key, version, isLatest: at === 0 })),
      )
    },
  }
}
