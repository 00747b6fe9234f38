/** The flags of `serve`, as commander reads them. */
export type ServeFlags = {
  stdio?: boolean
  /** Default `127.0.0.1`. */
  host?: string
  /** Default 3003. */
  port?: number
  config?: string
  policies?: string
  /** Default `none`. */
  auth?: 'none' | 'token' | 'oauth'
  principals?: string
  issuer?: string
  jwks?: string
  resource?: string
  agent?: string
  tenant?: string
  allowHost?: string[]
  allowOrigin?: string[]
  consoleUrl?: string
  shadow?: boolean
  insecure?: boolean
}
