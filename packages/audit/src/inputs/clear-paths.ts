import { AuditError } from '../errors.ts'

/** Which places of a JSON value may be shown, as a tree: the way down to each of them. */
export type ClearPaths = {
  /** The value at this very place may be shown, whole. */
  readonly shown: boolean
  readonly members: ReadonlyMap<string, ClearPaths>
  /** What `*` leads to: any one member or index. */
  readonly any: ClearPaths | undefined
}

type Node = { shown: boolean; members: Map<string, Node>; any: Node | undefined }

const maxPaths = 1000

/**
 * Compiles allowed paths: JSON Pointers (RFC 6901), where a part that is `*` stands for any one member or index. The
 * empty text is the whole value. Throws `LELU_AUDIT_PATH_INVALID`: a path that was misread would show too much or nothing.
 */
export function clearPaths(paths: readonly string[]): ClearPaths {
  if (!Array.isArray(paths) || paths.length > maxPaths) {
    throw invalid(`the paths are no list of at most ${maxPaths}`)
  }
  const root = newNode()
  for (const path of paths) {
    let node = root
    for (const part of pointerParts(path)) node = stepInto(node, part)
    node.shown = true
  }
  return root
}

const newNode = (): Node => ({ shown: false, members: new Map(), any: undefined })

function stepInto(node: Node, part: string): Node {
  if (part === '*') {
    node.any ??= newNode()
    return node.any
  }
  const known = node.members.get(part)
  if (known !== undefined) return known
  const made = newNode()
  node.members.set(part, made)
  return made
}

/** The parts of a JSON Pointer, unescaped. Throws `LELU_AUDIT_PATH_INVALID`. */
export function pointerParts(path: unknown): string[] {
  if (typeof path !== 'string') throw invalid('a path is no text')
  if (path === '') return []
  if (!path.startsWith('/')) throw invalid(`${JSON.stringify(path)} does not begin with /`)
  if (/~(?![01])/.test(path))
    throw invalid(`${JSON.stringify(path)} holds a ~ that escapes nothing`)
  if (!path.isWellFormed()) throw invalid('a path holds a lone surrogate')
  return path.slice(1).split('/').map(unescaped)
}

// RFC 6901 §4: ~1 first, or ~01 would become a slash.
const unescaped = (part: string) => part.replaceAll('~1', '/').replaceAll('~0', '~')

/** The pointer of a member below another. */
export function below(path: string, member: string): string {
  const plain = !member.includes('~') && !member.includes('/')
  return `${path}/${plain ? member : member.replaceAll('~', '~0').replaceAll('/', '~1')}`
}

function invalid(what: string): AuditError {
  return new AuditError('LELU_AUDIT_PATH_INVALID', `The allowed paths cannot be read: ${what}.`, {
    help: 'Write JSON Pointers such as /amount, /items/*/sku (any index) or /a~1b (the member a/b).',
  })
}

/** The paths below one member; several ways may lead there (its name, and `*`). Undefined when nothing there may be shown. */
export function pathsOf(paths: ClearPaths, member: string): ClearPaths | undefined {
  const named = paths.members.get(member)
  const { any } = paths
  if (named === undefined || any === undefined) return named ?? any
  return merged(named, any)
}

function merged(a: ClearPaths, b: ClearPaths): ClearPaths {
  const members = new Map<string, ClearPaths>(a.members)
  for (const [name, node] of b.members) {
    const other = members.get(name)
    members.set(name, other === undefined ? node : merged(other, node))
  }
  const any = a.any && b.any ? merged(a.any, b.any) : (a.any ?? b.any)
  return { shown: a.shown || b.shown, members, any }
}
