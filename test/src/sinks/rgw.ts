import { hasS3, noS3, type S3Access, type S3Server, startS3 } from '@lelu/testing'

/** Another store that the same tests run against: `LELU_S3_ENDPOINT` with the usual variables of AWS. */
function elsewhere(): S3Access | undefined {
  const { LELU_S3_ENDPOINT, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = process.env
  if (!LELU_S3_ENDPOINT) return undefined
  const { AWS_SESSION_TOKEN } = process.env
  return {
    endpoint: LELU_S3_ENDPOINT,
    region: AWS_REGION || 'us-east-1',
    accessKeyId: AWS_ACCESS_KEY_ID ?? '',
    secretAccessKey: AWS_SECRET_ACCESS_KEY ?? '',
    ...(AWS_SESSION_TOKEN && { sessionToken: AWS_SESSION_TOKEN }),
  }
}

export const isElsewhere: boolean = elsewhere() !== undefined

/** Why there is no real S3 here; undefined when there is one. */
export function whyNoS3(): string | undefined {
  if (isElsewhere || hasS3()) return undefined
  return noS3() ?? 'it was not fetched yet: run `node --conditions=lelu:source test/native/s3.ts`'
}

/** Says loudly what is skipped. */
export function warnWithoutS3(): string | undefined {
  const why = whyNoS3()
  if (why !== undefined) console.warn(`SKIPPED: the tests with a real S3 do not run: ${why}.`)
  return why
}

export type RealS3 = S3Access & {
  endpoint: string
  port: number
  /** Only where the server is our own. */
  addUser?: S3Server['addUser']
  stop(): Promise<void>
}

/** A server of its own, or the store that was named. */
export async function openS3(): Promise<RealS3> {
  const other = elsewhere()
  if (other?.endpoint === undefined) return await startS3()
  const { port, protocol } = new URL(other.endpoint)
  const known = protocol === 'https:' ? 443 : 80
  return { ...other, endpoint: other.endpoint, port: Number(port) || known, stop: async () => {} }
}
