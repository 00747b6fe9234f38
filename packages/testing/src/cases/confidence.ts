import type { CallEvidence, ConfidenceReader, ConfidenceSignal } from '@lelu/engine/adapter'
import { expect } from 'vitest'
import type { Case } from '../case.ts'
import { call } from '../stage.ts'

const signal = (value: number | null): ConfidenceSignal => ({
  method: 'external',
  trust: 'adapter',
  value,
  score: value,
  evidence: {},
})

const readers: [string, ConfidenceReader][] = [
  ['finds nothing', () => undefined],
  ['finds null', () => signal(null)],
  ['finds NaN', () => signal(Number.NaN)],
  ['finds a number that no probability is', () => signal(2)],
  [
    'fails',
    () => {
      throw new Error('no')
    },
  ],
  ['never comes to anything but an error', () => Promise.reject(new Error('no'))],
]

/** Believes what the model wrote into the field that this reader adds. */
const asked: ConfidenceReader = Object.assign(
  ({ reported }: CallEvidence) => signal(typeof reported === 'number' ? reported : null),
  { added: { name: 'confidence', schema: { type: 'number' } } },
)

export const confidenceCases: readonly Case[] = [
  {
    title: 'a high confidence lets the policy allow the call',
    async play(open) {
      const seen: CallEvidence[] = []
      const reader: ConfidenceReader = (evidence) => {
        seen.push(evidence)
        return signal(0.95)
      }
      const stage = await open({}, { confidence: reader })
      const turn = await stage.ask([call('trade')])
      expect(turn.pending).toEqual([])
      expect(stage.effects()).toEqual(['trade 5'])
      expect(seen[0]?.call).toMatchObject({
        id: 'call_trade',
        tool: 'trade',
        input: { amount: '5' },
      })
    },
  },
  ...readers.map(
    ([what, reader]): Case => ({
      title: `a reader that ${what} counts as no confidence`,
      async play(open) {
        const stage = await open({ mode: 'tell-model' }, { confidence: reader })
        await stage.ask([call('trade')])
        expect(stage.effects()).toEqual([])
        const { approvals } = await stage.withLelu((lelu) => lelu.approvals.list())
        expect(approvals).toHaveLength(1)
      },
    }),
  ),
  {
    title: 'a reader that changes what it is told changes nothing of the call',
    async play(open) {
      const reader: ConfidenceReader = ({ call: { input } }) => {
        Object.assign(input as object, { amount: '1' })
        return signal(0.95)
      }
      const stage = await open({}, { confidence: reader })
      await stage.ask([call('trade')])
      expect(stage.effects()).toEqual(['trade 5'])
    },
  },
  {
    title: 'without a reader there is no confidence',
    async play(open) {
      const stage = await open({ mode: 'tell-model' })
      await stage.ask([call('trade')])
      expect(stage.effects()).toEqual([])
    },
  },
  {
    title:
      'a field that the reader adds is shown to the model, and the tool, the policy and the reviewer never see it',
    async play(open) {
      const stage = await open({ mode: 'tell-model' }, { confidence: asked })
      const sure = { id: 'sure', tool: 'trade', input: { amount: '5', confidence: 0.95 } }
      const unsure = { id: 'unsure', tool: 'trade', input: { amount: '6', confidence: 0.2 } }
      await stage.ask([sure, unsure])
      expect(stage.shown()).toContain('"confidence"')
      expect(stage.effects()).toEqual(['trade 5'])
      const { approvals } = await stage.withLelu((lelu) => lelu.approvals.list())
      expect(approvals.map(({ request }) => request.call.input)).toEqual([
        { amount: 6, note: 'none' },
      ])
    },
  },
  {
    title: 'a call that waits already is not read again when it is resumed',
    needs: ['suspends'],
    async play(open) {
      let asked = 0
      const reader: ConfidenceReader = () => {
        asked += 1
        return signal(0.1)
      }
      const stage = await open({}, { confidence: reader })
      const turn = await stage.ask([call('trade')])
      await stage.resume()
      await stage.approve(turn)
      await stage.resume()
      expect(stage.effects()).toEqual(['trade 5'])
      expect(asked).toBe(1)
    },
  },
]
