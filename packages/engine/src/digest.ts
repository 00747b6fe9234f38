import { hash } from 'node:crypto'
import { canonicalJson } from '@lelu/audit'
import type { Json } from './types.ts'

/** What an input digest covers: the same input of another tenant, server or tool is another call. */
export type DigestedCall = {
  tenant: string
  tool: string
  server: string | null
  inputText: string
}

/**
 * SHA-256, base64url, over `lelu.call.v1`, a newline and the RFC 8785 text of {input, server, tenant, tool}.
 * `inputText` must be canonical already: it is set in as it stands, so that it is serialised once.
 */
export function callDigest({ tenant, tool, server, inputText }: DigestedCall): string {
  const text = `{"input":${inputText},"server":${server === null ? 'null' : JSON.stringify(server)},"tenant":${JSON.stringify(tenant)},"tool":${JSON.stringify(tool)}}`
  return hash('sha256', `lelu.call.v1\n${text}`, 'base64url')
}

/** SHA-256, base64url, of the RFC 8785 text of any JSON value, with a word in front that keeps uses apart. */
export function jsonDigest(domain: string, value: Json): string {
  return hash('sha256', `${domain}\n${canonicalJson(value)}`, 'base64url')
}
