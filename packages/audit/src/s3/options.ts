import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3'
import { AuditError } from '../errors.ts'
import type { LockMode } from '../sink/sink.ts'

/** How S3 Object Lock holds each object that is put. */
export type S3Lock = {
  /** `COMPLIANCE`: nobody shortens or lifts it, the account's root user included. `GOVERNANCE`: who may bypass it does. */
  mode: LockMode
  /** For how many days each object is held, from its upload by the store's clock. */
  days: number
  /** Held beyond the days, until somebody with `s3:PutObjectLegalHold` lifts it. Default false. */
  legalHold?: boolean
}

/** Which bucket, and how it is reached. Without `client` the AWS SDK finds region and credentials as it does everywhere. */
export type S3SinkOptions = {
  bucket: string
  /** Where in the bucket the archive lies, such as `audit/prod`. Default its root. */
  prefix?: string
  /** How what is put is held. Left out where nothing is written, as by a verifier. */
  lock?: S3Lock
  /** `required` refuses a bucket that was not seen to hold what it is given. Default `required`. */
  immutable?: 'required' | 'preferred'
  /** The account that the bucket has to belong to: 12 digits. */
  expectedBucketOwner?: string
  /** A client of your own, instead of the four options below. */
  client?: S3Client
  region?: string
  endpoint?: string
  credentials?: NonNullable<S3ClientConfig['credentials']>
  /** The bucket in the path instead of the host, as most stores beside AWS need it. */
  forcePathStyle?: boolean
  /** Milliseconds until an operation counts as failed, its retries included. Default 30000. */
  deadlineMs?: number
  /** The wall clock of this host, epoch milliseconds. Default `Date.now`. */
  now?: () => number
}

/** Throws `LELU_AUDIT_OPTIONS_INVALID` with what to do. */
export function assertS3Options(options: S3SinkOptions): void {
  const { bucket, prefix = '', lock, immutable = 'required', client, endpoint } = options
  const { deadlineMs = 1 } = options
  if (typeof bucket !== 'string' || !/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) {
    refuse('`bucket` is no name of a bucket', 'Pass its name alone, such as my-company-audit.')
  }
  if (prefix !== '' && !prefix.split('/').every((part) => /^[A-Za-z0-9_][\w.=-]*$/.test(part))) {
    refuse('`prefix` is no path', 'Pass parts of letters, digits and . _ = - joined by one slash.')
  }
  if (lock !== undefined) assertLock(lock)
  if (!['required', 'preferred'].includes(immutable)) {
    refuse('`immutable` is unknown', "Pass 'required' or 'preferred'.")
  }
  const connection = ['region', 'endpoint', 'credentials', 'forcePathStyle'] as const
  if (client !== undefined && connection.some((name) => options[name] !== undefined)) {
    refuse('`client` stands beside options of a client', 'Give them to the client itself.')
  }
  // It would stand in the messages of errors.
  if (endpoint !== undefined && holdsCredentials(endpoint)) {
    refuse('`endpoint` is no plain URL', 'Pass it without user and password: use `credentials`.')
  }
  if (!Number.isFinite(deadlineMs) || deadlineMs <= 0) {
    refuse('`deadlineMs` is no time', 'Pass a number of milliseconds above 0.')
  }
}

function assertLock({ mode, days }: S3Lock): void {
  if (!['COMPLIANCE', 'GOVERNANCE'].includes(mode)) {
    refuse('`lock.mode` is unknown', "Pass 'COMPLIANCE' or 'GOVERNANCE'.")
  }
  if (!Number.isInteger(days) || days < 1 || days > 36_500) {
    refuse('`lock.days` is no number of days', 'Pass a whole number from 1 to 36500.')
  }
}

function holdsCredentials(endpoint: string): boolean {
  try {
    const { username, password } = new URL(endpoint)
    return username !== '' || password !== ''
  } catch {
    return true
  }
}

function refuse(what: string, help: string): never {
  throw new AuditError('LELU_AUDIT_OPTIONS_INVALID', `The S3 sink cannot be made: ${what}.`, {
    help,
  })
}
