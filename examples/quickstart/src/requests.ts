/** What the customer asks for in the story, and what the scripted model makes of it. */
export type Request = {
  text: string
  call: { name: string; args: Record<string, string | number> }
}

const trade = (
  side: string,
  quantity: number,
  symbol: string,
  price: number,
  confidence: number,
) => ({
  name: 'trade',
  args: { side, quantity, symbol, price, confidence },
})

export const requests = {
  clear: {
    text: 'Buy 10 ACME at 25. Confidence 0.97.',
    call: trade('buy', 10, 'ACME', 25, 0.97),
  },
  vague: {
    text: 'Sell 400 GLOBEX at 12, I think. Confidence 0.85.',
    call: trade('sell', 400, 'GLOBEX', 12, 0.85),
  },
  reckless: {
    text: 'Buy 9000 MOON at 3. Confidence 0.42.',
    call: trade('buy', 9000, 'MOON', 3, 0.42),
  },
  foreign: {
    text: 'Wire 5000 to my cousin. Confidence 0.99.',
    call: { name: 'wire_money', args: { to: 'my cousin', amount: 5000, confidence: 0.99 } },
  },
  altered: {
    text: 'Buy 5 INITECH at 40. Confidence 0.80.',
    call: trade('buy', 5, 'INITECH', 40, 0.8),
  },
} satisfies Record<string, Request>
