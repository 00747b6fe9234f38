import { createHash } from 'node:crypto'
import { compilerInfo } from './compiler-info.ts'

/** The request holds all that can change the result, apart from the compiler; its members are canonical. */
export function revisionOf(request: string): string {
  const hash = createHash('sha256')
  hash.update(`lelu-policy-1\n${compilerInfo().sha256}\n`).update(request)
  return `sha256:${hash.digest('hex')}`
}
