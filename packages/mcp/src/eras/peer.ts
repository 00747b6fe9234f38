import type { Peer } from '../surface/call.ts'
import { tasksExtension } from './capabilities.ts'

/** The capabilities of a client, as both SDKs have them. */
type Declared = {
  elicitation?: { form?: unknown; url?: unknown } | undefined
  sampling?: unknown
  roots?: unknown
  extensions?: Readonly<Record<string, unknown>> | undefined
}

type Described = {
  era: Peer['era']
  protocol: string | undefined
  info: { name?: string; version?: string } | undefined
  capabilities: Declared | undefined
}

/** The client in one shape for both eras. An elicitation that names no mode is one of forms (2025-11-25). */
export function peerOf({ era, protocol, info, capabilities }: Described): Peer {
  const { elicitation, sampling, roots, extensions = {} } = capabilities ?? {}
  const form = elicitation !== undefined && (elicitation.form !== undefined || !elicitation.url)
  return {
    name: info?.name ?? 'unknown',
    version: info?.version ?? 'unknown',
    protocol: protocol ?? 'unknown',
    era,
    elicits: { form, url: elicitation?.url !== undefined },
    samples: sampling !== undefined,
    roots: roots !== undefined,
    tasks: era === 'modern' && Object.hasOwn(extensions, tasksExtension),
  }
}
