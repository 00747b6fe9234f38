import { readdirSync, readFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { extname, join } from 'node:path'

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
}

// `frame-ancestors`: no other page may lay itself over the reviewer's buttons.
const policy = [
  "default-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

/**
 * The built pages, read once: what was not built has no name that could be asked for. Throws when nothing was built.
 */
export function createPages(folder: string) {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => extname(name) in types)
    .map((name): [string, Buffer] => [`/${name}`, readFileSync(join(folder, name))])
  const pages = new Map(files)
  return {
    has: (path: string): boolean => pages.has(path),
    send(response: ServerResponse, path: string): void {
      response.writeHead(200, {
        'content-type': types[extname(path)] ?? 'application/octet-stream',
        'content-security-policy': policy,
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-cache',
      })
      response.end(pages.get(path))
    },
  }
}

export type Pages = ReturnType<typeof createPages>
