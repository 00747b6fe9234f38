// The contract of an adapter: see docs/adapters.md.
export type {
  AdapterHarness,
  Answer,
  Capabilities,
  Conversation,
  ScriptedCall,
  Streamed,
  SuiteOptions,
  Turn,
  World,
} from './harness.ts'
export { type Effect, effectsIn, type SuiteInput, type SuiteTool, suiteTools } from './tools.ts'
export type { Host } from './servers/two-hosts.ts'
export { adapterSuite } from './suite.ts'
export { hasPgBouncer, type PgBouncer, startPgBouncer } from './servers/pgbouncer.ts'
export { hasPostgres, type PostgresServer, startPostgres } from './servers/postgres.ts'

// The contract of an approvals store.
export type { Counts } from './stores/case.ts'
export type {
  StoreCapabilities,
  StoreHarness,
  StoreKeyv,
  StoreServer,
} from './stores/harness.ts'
export { memoryHarness, memoryModule } from './stores/memory.ts'
export { type LossyProxy, type ProxyMode, startProxy } from './stores/proxy.ts'
export { seededRandom } from './stores/random.ts'
export {
  type Reliability,
  type ReliabilityOptions,
  runReliability,
  storeFaults,
} from './stores/reliability.ts'
export { sqliteHarness, sqliteModule } from './stores/sqlite.ts'
export { storeSuite } from './stores/suite.ts'
export { hasRedis, type RedisOptions, type RedisServer, startRedis } from './servers/redis.ts'

// The contract of an archive's sink, and stores for it.
export { createLockedBucket, type S3Access, s3Client, s3ConfigOf } from './sinks/buckets.ts'
export type { FakeAnswer, Weakness } from './sinks/fake-bucket.ts'
export {
  type FakeFault,
  type FakeRequest,
  type FakeS3,
  type FakeS3Options,
  startFakeS3,
} from './sinks/fake-s3.ts'
export type { SinkArchive, SinkHarness, SinkSettings } from './sinks/harness.ts'
export { sinkSuite } from './sinks/suite.ts'
export { hasS3, installS3, noS3, type S3Server, startS3 } from './servers/s3.ts'
