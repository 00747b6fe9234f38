import type { FakeBucket } from './fake-bucket.ts'

/** One page of `ListObjectVersions`, its keys encoded where that is asked for. A page may end in the midst of a key's versions. */
export function versionsPage(bucket: FakeBucket, query: URLSearchParams, size: number): string {
  const found = bucket.below(query.get('prefix') ?? '')
  const [afterKey, afterId] = [query.get('key-marker'), query.get('version-id-marker')]
  const text = query.get('encoding-type') === 'url' ? encodeURIComponent : escaped
  const start = afterKey === null ? 0 : positionAfter(found, afterKey, afterId)
  const shown = found.slice(start, start + size)
  const isTruncated = start + size < found.length
  const last = shown.at(-1)
  const entries = shown.map(({ key, version, isLatest }) => {
    const tag = version.isMarker ? 'DeleteMarker' : 'Version'
    const bytes = version.isMarker ? '' : `<Size>${version.body.length}</Size>`
    return `<${tag}><Key>${text(key)}</Key><VersionId>${version.id}</VersionId><IsLatest>${isLatest}</IsLatest><LastModified>${new Date(version.modified).toISOString()}</LastModified>${bytes}</${tag}>`
  })
  const next =
    isTruncated && last !== undefined
      ? `<NextKeyMarker>${text(last.key)}</NextKeyMarker><NextVersionIdMarker>${last.version.id}</NextVersionIdMarker>`
      : ''
  return `<ListVersionsResult><IsTruncated>${isTruncated}</IsTruncated><EncodingType>url</EncodingType>${next}${entries.join('')}</ListVersionsResult>`
}

function positionAfter(
  found: ReturnType<FakeBucket['below']>,
  key: string,
  id: string | null,
): number {
  const at = found.findIndex((one) => one.key === key && (id === null || one.version.id === id))
  if (id !== null) return at + 1
  const after = found.findIndex((one) => Buffer.compare(Buffer.from(one.key), Buffer.from(key)) > 0)
  return after === -1 ? found.length : after
}

/** As XML can say it: it has no way to say a control character, and stores send that as it is. */
function escaped(key: string): string {
  return key.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
