import { hash, hkdfSync } from 'node:crypto'
import { canonicalJson } from '@lelu/audit'
import type { Json } from '@lelu/engine'
import { createRequestStateCodec, type ServerContext } from '@modelcontextprotocol/server'
import { RpcFault, rpcCodes } from './rpc-fault.ts'

/** What a state is good for: this principal's same call, and nothing else. */
export type StateBinding = { principal: string; method: string; name: string; input: Json }

export interface StateSeal {
  seal(state: Json, binding: StateBinding): Promise<string>
  /** Throws the fault that the specification has for a state that is altered, expired, or another call's. */
  open(sealed: string, binding: StateBinding): Promise<Json>
}

const secondsToAnswer = 600

/**
 * Protects what travels through the client between two rounds of a call (MRTR). The key is derived, so that the one an
 * operator gives may serve other purposes; replicas with the same one open each other's states. A sealed state can be
 * used again until it expires: whatever must happen once has to be burnt in a store.
 */
export function createStateSeal(stateKey: Uint8Array): StateSeal {
  let key: Uint8Array | undefined
  function codec(binding: StateBinding) {
    // Not before it is needed: this is made for every request, and few of them ask anything.
    key ??= new Uint8Array(hkdfSync('sha256', stateKey, '', 'lelu-mcp request-state v1', 32))
    const tag = bindingTag(binding)
    return createRequestStateCodec<Json>({ key, ttlSeconds: secondsToAnswer, bind: () => tag })
  }
  // `bind` does not read it; the codec only insists that there is one.
  const context = {} as ServerContext
  return {
    seal: (state, binding) => codec(binding).mint(state, context),
    async open(sealed, binding) {
      try {
        return await codec(binding).verify(sealed, context)
      } catch {
        throw new RpcFault(rpcCodes.params, 'Invalid or expired requestState', {
          reason: 'invalid_request_state',
        })
      }
    },
  }
}

/** As JSON, so that no name can run over into the next one. */
function bindingTag({ principal, method, name, input }: StateBinding): string {
  const digest = hash('sha256', canonicalJson(input), 'base64url')
  return JSON.stringify([principal, method, name, digest])
}
