import { join } from 'node:path'
import type { Approvals } from './approvals/approvals.ts'
import { LeluError } from './errors.ts'
import type { KillSwitch } from './execution/kill-switch.ts'
import { assertNode } from './node-version.ts'
import type { Notifications } from './notify/notifications.ts'
import { checkOptions, type StorageOptions } from './options.ts'
import type { RecordedInputs } from './recorded/recorded-inputs.ts'
import type { StandingGrants } from './standing/standing-grants.ts'
import { defaultDirectory, openStorage } from './storage.ts'
import { hasKeyRing } from './tokens/key-files.ts'
import { assertKeysNotLost } from './tokens/keys-lost.ts'
import { createTokens, type Tokens } from './tokens/tokens.ts'

/** What a reviewer's process needs: approvals and tokens, without a policy and without any tool. */
export type ReviewDesk = {
  readonly approvals: Approvals
  readonly tokens: Omit<Tokens, 'mint'>
  readonly grants: StandingGrants
  readonly killSwitch: KillSwitch
  /** Delivers only when told to: the engine does it by itself. */
  readonly notifications: Notifications
  /** The values behind the commitments in the audit log: to show and to erase them. */
  readonly inputs: RecordedInputs
  close(): Promise<void>
}

/** Of `openReviewDesk`: the storage, the issuer and the audience that the engine of these approvals has. */
export type ReviewDeskOptions = StorageOptions & { issuer?: string; audience?: string }

/** Opens the same keys, store and log as the engine of that directory. It cannot mint and cannot edit an input. */
export async function openReviewDesk(options: ReviewDeskOptions): Promise<ReviewDesk> {
  assertNode()
  checkOptions(options)
  const { issuer = 'urn:lelu:engine', audience = 'urn:lelu:executor:local' } = options
  assertThere(options)
  const storage = await openStorage(options)
  const { records, keys, revocations, grants, killSwitch, stopped, now } = storage
  const tokens = createTokens({
    records,
    keys,
    revocations,
    grants,
    stopped,
    issuer,
    audience,
    tokenSeconds: 60,
    now,
  })
  const { mint: _mint, ...reading } = tokens
  return {
    approvals: storage.approvals(),
    tokens: reading,
    grants,
    killSwitch,
    notifications: storage.notifying.notifications,
    inputs: storage.inputs,
    close: storage.close,
  }
}

/** Only an engine makes keys: a desk with keys of its own would take every row of the engine for altered. */
function assertThere({ directory = defaultDirectory, keys, store }: ReviewDeskOptions): void {
  if (keys === undefined && store === undefined) assertKeysNotLost(directory)
  if (keys !== undefined || hasKeyRing(join(directory, 'keys'))) return
  throw new LeluError('LELU_DIRECTORY_NOT_FOUND', `There is no Lelu directory at ${directory}.`, {
    help: 'Pass the directory of the engine (`--directory`, `LELU_DIRECTORY`), or make one with `lelu init`.',
    details: { directory },
  })
}
