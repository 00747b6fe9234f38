import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { LeluError } from '@lelu/engine'

const keyBytes = 32

/**
 * The key that protects what a client holds for us between the rounds of one call (`requestState` of MCP 2026-07-28).
 * Kept in `keys/` of the directory, so that it survives a restart; processes of one directory have the same.
 */
export async function readStateKey(directory: string): Promise<Buffer> {
  const folder = join(directory, 'keys')
  const path = join(folder, 'mcp-state.key')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const known = await readKey(path)
  if (known !== undefined) return known
  const draft = join(folder, `.mcp-state.${process.pid}.${randomBytes(6).toString('hex')}`)
  try {
    const file = await open(draft, 'wx', 0o600)
    try {
      await file.writeFile(randomBytes(keyBytes).toString('base64url'))
      await file.datasync()
    } finally {
      await file.close()
    }
    // A link, not a rename: of two processes that start at once, the second takes the key of the first.
    await link(draft, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  } finally {
    await rm(draft, { force: true })
  }
  const made = await readKey(path)
  if (made === undefined) throw invalid(path)
  return made
}

async function readKey(path: string): Promise<Buffer | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return undefined
  const key = Buffer.from(text.trim(), 'base64url')
  if (key.length !== keyBytes) throw invalid(path)
  return key
}

function invalid(path: string): LeluError {
  return new LeluError('LELU_KEYS_INVALID', `The key in ${path} cannot be used.`, {
    help: 'Delete the file: a new one is made. Questions that are open at clients have to be asked again.',
    details: { path },
  })
}
