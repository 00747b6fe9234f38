import { expectTypeOf, test } from 'vitest'
import type {
  ActorClaim,
  Approval,
  ApprovalClaims,
  AuditLog,
  AuditReceipt,
  Durability,
  Erased,
  FailedResult,
  JWK,
  KeyRing,
  Lelu,
  PolicyIssue,
  PolicyModule,
  Revealed,
  readPolicyFolder,
  rotateKeys,
  StorageOptions,
} from '../src/index.ts'

// A project with strict node_modules and `declaration: true` cannot export what it cannot name (TS2742).
test('what the engine answers has a name that can be imported from it', () => {
  type Answer<F extends (...given: never[]) => unknown> = Awaited<ReturnType<F>>
  expectTypeOf<Lelu['audit']>().toEqualTypeOf<AuditLog>()
  expectTypeOf<Answer<Lelu['audit']['append']>>().toEqualTypeOf<AuditReceipt>()
  expectTypeOf<NonNullable<StorageOptions['durability']>>().toEqualTypeOf<Durability>()
  expectTypeOf<Answer<Lelu['inputs']['reveal']>>().toEqualTypeOf<Revealed>()
  expectTypeOf<Answer<Lelu['inputs']['erase']>>().toExtend<Erased>()
  expectTypeOf<Answer<typeof readPolicyFolder>['modules']>().toEqualTypeOf<PolicyModule[]>()
  expectTypeOf<NonNullable<Lelu['policy']['warnings']>>().toEqualTypeOf<readonly PolicyIssue[]>()
  expectTypeOf<Answer<typeof rotateKeys>>().toEqualTypeOf<KeyRing>()
  expectTypeOf<ReturnType<Lelu['tokens']['jwks']>['keys']>().toEqualTypeOf<JWK[]>()
  expectTypeOf<ApprovalClaims['act']>().toEqualTypeOf<ActorClaim>()
  expectTypeOf<FailedResult>().toExtend<NonNullable<Approval['result']>>()
})
