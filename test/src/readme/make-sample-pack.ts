/**
 * Makes docs/audit/sample-pack: the evidence of one quarter of a small made-up shop, written by the engine itself.
 * Its private keys are made for it, and deleted with everything else that is not in the pack.
 *
 *   node --conditions=lelu:source test/src/readme/make-sample-pack.ts [folder]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rotateSigningKey } from '@lelu/audit'
import { exportEvidence, openSource } from '@lelu/audit/reading'
import { createLelu, type DecisionRequest, type Lelu, type Policy } from '@lelu/engine'

export const period: { from: string; to: string } = { from: '2026-07-01', to: '2026-10-01' }

const bob = {
  id: 'bob@example.com',
  name: 'Bob',
  method: 'oidc',
  issuer: 'https://login.example.com',
} as const

const policies: Policy = {
  revision: 'sha-256:sample',
  evaluate({ action, args }) {
    const amount = Number((args as { amount?: number } | null)?.amount ?? 0)
    const effect =
      action === 'delete_customer' ? 'deny' : amount > 100 ? 'require_approval' : 'allow'
    const messages = {
      deny: 'No agent deletes a customer.',
      require_approval: 'More than 100 needs a person.',
      allow: 'Up to 100 is free.',
    }
    const requirements = [{ id: 'over_limit', quorum: 1, reviewers: null, expiresInMs: null }]
    return {
      effect,
      reasons: [{ id: effect, message: messages[effect] }],
      obligations: [],
      requirements: effect === 'require_approval' ? requirements : [],
    }
  },
}

function call(id: string, tool: string, input: DecisionRequest['call']['input']): DecisionRequest {
  return {
    subject: {
      ...{ id: 'refunds-1', type: 'agent' },
      actingFor: { id: 'ada@example.com', type: 'user' },
    },
    call: { id, tool, input, effect: 'non_idempotent', schema: { type: 'object' } },
    confidence: { method: 'verbalized', trust: 'claimed', value: 0.85, score: 1.73 },
  }
}

const execute = async () => ({ refunded: true })

/** Asks for a refund that is too large to be made without a person. */
async function ask(lelu: Lelu, id: string, amount: number): Promise<string> {
  const request = call(id, 'refund', { order: id, amount })
  const outcome = await lelu.guard(request, execute)
  if (outcome.status !== 'suspended') throw new Error(`expected suspended, got ${outcome.status}`)
  return outcome.approval.id
}

export async function makeSamplePack(out: string): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'lelu-sample-'))
  try {
    const directory = join(home, 'lelu')
    /** One process, that begins at that time. */
    const process = async (begin: string, use: (lelu: Lelu) => Promise<unknown>) => {
      const started = Date.now()
      const now = () => Date.parse(begin) + Date.now() - started
      const lelu = await createLelu({ directory, policies, now })
      try {
        await use(lelu)
      } finally {
        await lelu.close()
      }
    }
    await process('2026-05-04T09:00:00Z', (lelu) =>
      lelu.guard(call('order-1', 'refund', { order: 'order-1', amount: 5 }), execute),
    )
    await process('2026-07-14T10:00:00Z', async (lelu) => {
      await lelu.guard(call('order-2', 'refund', { order: 'order-2', amount: 40 }), execute)
      await lelu.guard(call('c-7', 'delete_customer', { customer: 'c-7' }), execute)
      // A refund that a person approves, and one that he makes smaller.
      const first = await ask(lelu, 'order-3', 250)
      await lelu.approvals.review(first, { verdict: 'approve', reviewer: bob, reason: 'Seen' })
      await lelu.resume(first, execute)
      const second = await ask(lelu, 'order-4', 900)
      const input = { order: 'order-4', amount: 450 }
      await lelu.approvals.review(second, { verdict: 'approve', reviewer: bob, input })
      await lelu.resume(second, execute)
    })
    await process('2026-08-20T08:30:00Z', async (lelu) => {
      const third = await ask(lelu, 'order-5', 5000)
      await lelu.approvals.review(third, { verdict: 'deny', reviewer: bob, reason: 'Too much' })
      const reason = 'Request 12 of 2026-08-19'
      await lelu.inputs.erase('ada@example.com', { by: bob, reason })
    })
    // So long before that the old key signs no more: what follows is signed by the new one alone.
    const now = () => Date.parse('2026-09-01T00:00:00Z')
    await rotateSigningKey({ folder: join(directory, 'keys', 'audit'), log: 'lelu', now })
    await process('2026-09-09T16:00:00Z', (lelu) =>
      lelu.guard(call('order-6', 'refund', { order: 'order-6', amount: 60 }), execute),
    )
    const source = { ...(await openSource(join(directory, 'audit'))), name: '.lelu/audit' }
    await exportEvidence({ ...period, source, out, sample: 5 })
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

if (import.meta.main) {
  const place = new URL('../../../docs/audit/sample-pack', import.meta.url)
  await makeSamplePack(process.argv[2] ?? fileURLToPath(place))
}
