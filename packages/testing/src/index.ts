// The contract of an adapter: see docs/adapters.md.
export type {
  AdapterHarness,
  Answer,
  Capabilities,
  Conversation,
  ScriptedCall,
  SuiteOptions,
  Turn,
  World,
} from './harness.ts'
export { deniedAmount, suitePolicy } from './policy.ts'
export { type Effect, effectsIn, type SuiteInput, type SuiteTool, suiteTools } from './tools.ts'
export { adapterSuite } from './suite.ts'
export { hasPostgres, type PostgresServer, startPostgres } from './servers/postgres.ts'
