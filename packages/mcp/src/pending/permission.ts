import { hash } from 'node:crypto'
import type { Approval } from '@lelu/engine'
import type { Principal } from '../surface/principal.ts'

/** In front of the run of every call that is only asked about here, and run by whoever asked. No model chooses it. */
const prefix = 'lelu_request_approval:'

/**
 * The run of the calls a principal asks about. It is bound to the principal, so that a key that two of them chose
 * does not make one find the other's approval.
 */
export function permissionRun({ key, tenant, subject }: Principal): string {
  return `${prefix}${hash('sha256', JSON.stringify([key, tenant, subject]), 'base64url')}`
}

/** Whether the caller runs the call itself: then what is handed out is the permission, once. */
export function isPermission({ request }: Approval): boolean {
  return request.run?.startsWith(prefix) ?? false
}
