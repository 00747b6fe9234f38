import { isDeepStrictEqual } from 'node:util'
import type { ListObjectVersionsCommandOutput } from '@aws-sdk/client-s3'
import type { SinkObject } from '../sink/sink.ts'
import type { Call, Connection } from './connection.ts'
import { statusOf } from './errors.ts'

/** Where the archive lies: what every request names. */
export type Place = { Bucket: string; ExpectedBucketOwner?: string }

/** An object with the id of its oldest version; the id is undefined when nothing but delete markers is left. */
export type Versioned = { object: SinkObject; oldest: string | undefined }

type Answer = ListObjectVersionsCommandOutput
type Marker = { KeyMarker?: string; VersionIdMarker?: string }
/** `next`: where the list goes on; undefined when it has ended. */
type Page = { answer: Answer; next: Marker | undefined }

async function page(
  { client, sdk, options, clocked }: Call,
  place: Place,
  prefix: string,
  marker: Marker,
): Promise<Page> {
  // Encoded: somebody else's key with a control character would break the XML, and hide what follows.
  const input = { ...place, Prefix: prefix, EncodingType: 'url', ...marker } as const
  const answer = await client.send(clocked(new sdk.ListObjectVersionsCommand(input)), options)
  if (!isList(answer)) throw new Error('the store answered with something else than a list')
  const next = nextMarker(answer)
  // The same page would come for ever.
  if (next !== undefined && isDeepStrictEqual(next, marker)) {
    throw new Error('the store does not say where its list goes on')
  }
  return { answer, next }
}

/** A proxy's page, or no body at all, is read by the SDK as a list of nothing: an archive would seem to be empty from there on. */
const isList = ({ Name, Prefix, MaxKeys, IsTruncated, Versions, DeleteMarkers }: Answer): boolean =>
  [Name, Prefix, MaxKeys, IsTruncated, Versions, DeleteMarkers].some((one) => one !== undefined)

const decoded = (text = ''): string => decodeURIComponent(text.replaceAll('+', ' '))

function nextMarker({
  IsTruncated,
  NextKeyMarker,
  NextVersionIdMarker,
}: Answer): Marker | undefined {
  if (IsTruncated !== true) return undefined
  return {
    ...(NextKeyMarker && { KeyMarker: decoded(NextKeyMarker) }),
    ...(NextVersionIdMarker && { VersionIdMarker: NextVersionIdMarker }),
  }
}

/** Objects under a prefix with all their versions, in order; each page is one operation with its own deadline. */
export async function* listVersions(
  connection: Connection,
  place: Place,
  prefix: string,
  after?: string,
): AsyncGenerator<Versioned> {
  let last: Versioned | undefined
  const begin: Marker = after === undefined ? {} : { KeyMarker: after }
  for (let marker: Marker | undefined = begin; marker !== undefined; ) {
    const from: Marker = marker
    const { answer, next }: Page = await connection.call(`listing ${prefix}`, (call) =>
      page(call, place, prefix, from),
    )
    for (const one of groupByKey(answer, last)) {
      if (last !== undefined && last.object.key !== one.object.key) yield last
      last = one // a key may go on in the next page
    }
    marker = next
  }
  if (last !== undefined) yield last
}

/** All that the store has under this very key; undefined when that is nothing. */
export async function findVersions(
  call: Call,
  place: Place,
  key: string,
): Promise<Versioned | undefined> {
  let found: Versioned | undefined
  for (let marker: Marker | undefined = {}; marker !== undefined; ) {
    const { answer, next }: Page = await page(call, place, key, marker)
    const groups = groupByKey(answer, found)
    found = groups.find(({ object }) => object.key === key) ?? found
    // Keys are in order: others that begin so come after.
    if (groups.some(({ object }) => object.key !== key)) return found
    marker = next
  }
  return found
}

/** The keys of a page in order. The store lists the versions of a key from the newest to the oldest. */
function groupByKey(answer: Answer, before: Versioned | undefined): Versioned[] {
  const groups = new Map<string, Versioned>()
  const group = (encoded: string | undefined): Versioned => {
    const key = decoded(encoded)
    const known = groups.get(key)
    if (known !== undefined) return known
    const begun = before?.object.key === key ? before : undefined
    const empty = { key, size: 0, versions: 0, hidden: false, modified: null }
    const made = { object: { ...(begun?.object ?? empty) }, oldest: begun?.oldest }
    groups.set(key, made)
    return made
  }
  for (const { Key, VersionId, Size, LastModified } of answer.Versions ?? []) {
    const one = group(Key)
    one.oldest = VersionId ?? 'null'
    one.object.versions += 1
    one.object.size = Size ?? 0
    one.object.modified = LastModified?.toISOString() ?? null
  }
  for (const { Key } of answer.DeleteMarkers ?? []) group(Key).object.hidden = true
  return [...groups.values()].sort((a, b) =>
    Buffer.compare(Buffer.from(a.object.key), Buffer.from(b.object.key)),
  )
}

/** The bytes of one version; undefined when it is gone. */
export async function readVersion(
  { client, sdk, options, clocked }: Call,
  place: Place,
  key: string,
  version: string,
): Promise<Buffer | undefined> {
  const input = { ...place, Key: key, VersionId: version }
  try {
    const { Body } = await client.send(clocked(new sdk.GetObjectCommand(input)), options)
    if (Body === undefined) return Buffer.alloc(0)
    return Buffer.from(await Body.transformToByteArray())
  } catch (error) {
    if (statusOf(error) === 404 && (error as Error).name !== 'NoSuchBucket') return undefined
    throw error
  }
}
