import type { DecisionRequest, ToolEffect } from '@lelu/engine'

/** The overview's rules for the one action of these tests. */
export const policies = {
  modules: [
    {
      path: 'trading.rego',
      source:
        'package lelu.authz\n\nallow if input.confidence >= 0.9\n\nrequire_approval if input.confidence < 0.9\n',
    },
  ],
}

export function tradeOf(effect: ToolEffect): DecisionRequest {
  return {
    subject: { id: 'trader-1', type: 'agent' },
    run: 'run-1',
    call: { id: 'call-1', tool: 'trade', effect, input: { symbol: 'ACME', amount: 100 } },
    confidence: { method: 'external', trust: 'adapter', value: 0.85, score: null },
  }
}
