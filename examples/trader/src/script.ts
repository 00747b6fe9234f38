type Args = Record<string, string | number>

export type Call = { name: string; args: Args }

/** What the customer says, and what the scripted model makes of it: the calls of each of its answers. */
export type Script = { says: string; answers: Call[][] }

const look = (symbol: string): Call => ({ name: 'get_price', args: { symbol, confidence: 1 } })

const order = (
  side: string,
  quantity: number,
  symbol: string,
  limit: number,
  confidence: number,
): Call => ({ name: 'place_order', args: { side, quantity, symbol, limit, confidence } })

export const scripts: [Script, ...Script[]] = [
  {
    says: 'Buy 10 ACME, and put the rest of my cash into GLOBEX.',
    answers: [
      [{ name: 'get_positions', args: { confidence: 1 } }, look('ACME'), look('GLOBEX')],
      [order('buy', 10, 'ACME', 25, 0.97)],
      [order('buy', 4145, 'GLOBEX', 12, 0.96)],
      [order('buy', 1000, 'GLOBEX', 12, 0.95)],
    ],
  },
  {
    says: 'Sell some INITECH, but only if you think so too.',
    answers: [[look('INITECH')], [order('sell', 20, 'INITECH', 40, 0.6)]],
  },
  { says: 'Put 500 into MOON.', answers: [[order('buy', 500, 'MOON', 1, 0.99)]] },
]
