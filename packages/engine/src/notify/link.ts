import { isWebUrl } from './check-notify.ts'
import type { NotifyOptions } from './notify-options.ts'

/**
 * Where a reviewer looks at an approval, or null. Its random id is all that a link holds: no token, so that whoever
 * reads along cannot decide, and whoever previews it (chat servers do) has not decided.
 */
export function linkOf(link: NotifyOptions['link'], approvalId: string): string | null {
  if (link === undefined) return null
  if (typeof link === 'string') {
    const url = new URL(link)
    url.pathname = `${url.pathname.replace(/\/$/, '')}/${encodeURIComponent(approvalId)}`
    return url.href
  }
  try {
    const made: unknown = link(approvalId)
    if (isWebUrl(made)) return made
    // A promise that nobody listens to would end this process when it is rejected.
    Promise.resolve(made).catch(() => {})
    return null
  } catch {
    return null // a notice without a link is better than none
  }
}
