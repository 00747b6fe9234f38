export type { S3Lock, S3SinkOptions } from './options.ts'
export { s3Sink } from './s3-sink.ts'
