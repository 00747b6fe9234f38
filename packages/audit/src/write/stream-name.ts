import { newUlid } from '../record/ulid.ts'

export function newStreamName(node: string | undefined): string {
  // The real clock: names sort by it, whatever `now` says.
  const id = newUlid(Date.now())
  return node === undefined ? id : `${node}-${id}`
}
