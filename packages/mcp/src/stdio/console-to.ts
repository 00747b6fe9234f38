import { format } from 'node:util'

const methods = ['log', 'info', 'debug', 'warn', 'error'] as const

/**
 * Hands what dependencies say by `console` to `say`, a text each, until the answer is called: on standard output goes
 * the protocol, or what the command answers, and nothing else. The SDK quotes servers there, so the text is not safe to print.
 */
export function consoleTo(say: (text: string) => void): () => void {
  const kept = methods.map((method) => [method, console[method]] as const)
  for (const method of methods) console[method] = (...parts) => say(format(...parts))
  return () => {
    for (const [method, own] of kept) console[method] = own
  }
}
