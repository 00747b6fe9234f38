import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  type ClientCapabilities,
  type Implementation,
  PROTOCOL_VERSION_META_KEY,
} from '@modelcontextprotocol/server'
import type { Peer } from '../surface/call.ts'
import { peerOf } from './peer.ts'

/** What the SDK lifted out of `_meta`, checked by it against the specification. */
type Envelope = {
  [PROTOCOL_VERSION_META_KEY]?: string
  [CLIENT_INFO_META_KEY]?: Implementation
  [CLIENT_CAPABILITIES_META_KEY]?: ClientCapabilities
}

/** The client as it describes itself with each request of the modern era. */
export function modernPeer(envelope: Envelope): Peer {
  return peerOf({
    era: 'modern',
    protocol: envelope[PROTOCOL_VERSION_META_KEY],
    info: envelope[CLIENT_INFO_META_KEY],
    capabilities: envelope[CLIENT_CAPABILITIES_META_KEY],
  })
}
