import type { LogSource } from '@lelu/audit/reading'
import type { Io } from '../io.ts'

type Options = { endpoint?: string | undefined; log?: string | undefined; env?: Io['env'] }

/** A log folder, a folder of an archive, or an archive by its URL. Only a URL of S3 is looked for elsewhere than on the disk. */
export async function openLog(place: string, options: Options = {}): Promise<LogSource> {
  const { openArchive } = await import('@lelu/audit')
  const { archiveSource, openSource } = await import('@lelu/audit/reading')
  const { log } = options
  const one = log === undefined ? {} : { log }
  if (!/^(s3|file):/.test(place)) return openSource(place, one)
  return archiveSource(await openArchive(withEndpoint(place, options)), one)
}

/** The endpoint from the option, or from where AWS's own tools take it. */
function withEndpoint(place: string, { endpoint, env = {} }: Options): string {
  const wanted = endpoint || env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL || undefined
  if (wanted === undefined || !place.startsWith('s3:') || !URL.canParse(place)) return place
  const url = new URL(place)
  if (endpoint !== undefined || !url.searchParams.has('endpoint')) {
    url.searchParams.set('endpoint', wanted)
  }
  return url.href
}
