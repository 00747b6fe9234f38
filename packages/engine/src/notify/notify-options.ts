import type { NoticeKind } from '../approvals/notice.ts'

/** Where notices go. */
export type NotifyTarget = {
  /** Stands for it in records and messages, where the URL would give a secret away: letters, digits, `-` and `_`. */
  name: string
  /** `webhook`: signed, as standardwebhooks.com says. `slack`: a text and a button, for Slack and what takes its messages. */
  type: 'webhook' | 'slack'
  /** https; http to this host alone, unless `allowHttp`. */
  url: string
  /** Of a webhook: `whsec_` and 24 to 64 random bytes in base64. */
  secret?: string
  /** In place of `secret`, while it is changed: each signs, up to four. */
  secrets?: readonly string[]
  /** Which notices it gets. Default: all. */
  kinds?: readonly NoticeKind[]
}

/** Whom the engine tells of approvals, and where a reviewer finds them. */
export type NotifyOptions = {
  /** 1 to 20. Every process that delivers needs the same. */
  targets: readonly NotifyTarget[]
  /**
   * Where a reviewer looks at an approval: a URL that its id is put behind, or a function. The page asks for a login,
   * and opening it decides nothing.
   */
  link?: string | ((approvalId: string) => string)
  /** How often to look for what is due, in ms. Default 1000. */
  everyMs?: number
  /** How often a notice is tried until it is laid aside as undelivered. Default 12, which takes about a day. */
  maxTries?: number
  /** How long a target may take to answer, in ms. Default 10 000. */
  timeoutMs?: number
  /** Lets http go to other hosts: only inside a network that you trust. Default false. */
  allowHttp?: boolean
}
