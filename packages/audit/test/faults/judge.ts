import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { directorySink } from '../../src/index.ts'
import { readRecords, verifyLog } from '../../src/reading.ts'
import { openSigningKeys } from '../../src/sign/signing-keys.ts'
import { createTree } from '../../src/tlog/merkle.ts'
import { ownCheckpoint } from '../../src/write/own-checkpoint.ts'

type Judged = {
  directory: string
  keys: string
  archive: string | undefined
  /** Ids of records that were answered. */
  acknowledged: readonly string[]
}

/** What must not be, after the last process has closed in order: in sentences, none where all is well. */
export async function wrongIn({
  directory,
  keys: folder,
  archive,
  acknowledged,
}: Judged): Promise<{ wrong: string[]; records: number }> {
  const wrong: string[] = []
  const report = await verifyLog({ directory })
  wrong.push(...report.problems.map(({ code, message }) => `verify: ${code}: ${message}`))
  for (const { stream, state } of report.streams) {
    if (state !== 'closed' && state !== 'recovered' && state !== 'broken')
      wrong.push(`${stream} is ${state}`)
  }
  const ids = new Set<unknown>()
  const lines = new Map<string, string[]>()
  const trees = new Map<string, ReturnType<typeof createTree>>()
  const roots = new Map<string, string>()
  for await (const { record, raw, stream, leaf } of readRecords({ directory })) {
    ids.add(record.id)
    const tree = trees.get(stream) ?? createTree()
    tree.append(Buffer.from(leaf, 'base64'))
    trees.set(stream, tree)
    roots.set(`${stream} ${tree.size}`, tree.root().toString('base64'))
    lines.set(stream, [...(lines.get(stream) ?? []), raw])
  }
  const lost = acknowledged.filter((id) => !ids.has(id))
  if (lost.length > 0) wrong.push(`${lost.length} acknowledged records are lost, first ${lost[0]}`)
  const check = ownCheckpoint('lelu', () => openSigningKeys({ folder, log: 'lelu' }))
  for (const [stream, tree] of trees) {
    const text = read(join(directory, stream, 'checkpoint'))
    const signed = text === undefined ? undefined : await check(stream, text)
    if (signed?.size !== tree.size)
      wrong.push(`${stream} is signed to ${signed?.size}, not its end`)
    else if (roots.get(`${stream} ${signed.size}`) !== signed.root.toString('base64'))
      wrong.push(`${stream} is signed with another root`)
  }
  if (archive !== undefined) wrong.push(...(await wrongInArchive(archive, lines, roots)))
  return { wrong, records: report.records }
}

/** The archive holds every line of every stream, once and in order, and checkpoints of these very trees. */
async function wrongInArchive(
  directory: string,
  lines: ReadonlyMap<string, string[]>,
  roots: ReadonlyMap<string, string>,
): Promise<string[]> {
  const wrong: string[] = []
  const there = new Map<string, string[]>()
  const sizes = new Map<string, number>()
  for await (const { key } of directorySink({ directory }).list('v1/')) {
    const [, stream = '', kind] = /\/s\/([^/]+)\/(seg|cp)\//.exec(key) ?? []
    const bytes = readFileSync(join(directory, key))
    if (kind === 'seg') {
      const text = gunzipSync(bytes).toString().split('\n').slice(0, -1)
      const before = there.get(stream) ?? []
      const first = Number(key.slice(-25, -9))
      if (first !== before.length) wrong.push(`${key} does not continue record ${before.length}`)
      there.set(stream, [...before, ...text])
    } else if (kind === 'cp') {
      const [, size, root] = bytes.toString().split('\n')
      if (roots.get(`${stream} ${size}`) !== root) wrong.push(`${key} is of another tree`)
      sizes.set(stream, Number(size))
    }
  }
  for (const [stream, local] of lines) {
    const held = there.get(stream) ?? []
    if (held.join('\n') !== local.join('\n'))
      wrong.push(`the archive holds ${held.length} records of ${stream}, not ${local.length}`)
    if (sizes.get(stream) !== local.length)
      wrong.push(`the archive's checkpoint of ${stream} is of ${sizes.get(stream)} records`)
  }
  for (const stream of there.keys())
    if (!lines.has(stream)) wrong.push(`the archive holds ${stream}, which is gone`)
  return wrong
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
