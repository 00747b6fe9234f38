import { LeluError } from './errors.ts'

/** The same as in package.json: a test sees to it. */
export const oldestNode = '22.19'

/** Throws `LELU_NODE_UNSUPPORTED` on a Node that lacks what is used here: else a user would hear of some method that is no function. */
export function assertNode(version: string = process.versions.node): void {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [oldestMajor = 0, oldestMinor = 0] = oldestNode.split('.').map(Number)
  const isOld = major === oldestMajor ? minor < oldestMinor : major < oldestMajor
  if (!isOld) return
  throw new LeluError(
    'LELU_NODE_UNSUPPORTED',
    `Lelu needs Node ${oldestNode} or later; this is ${version}.`,
    {
      help: 'Install a newer Node (https://nodejs.org), then start the process again.',
      details: { node: version, oldest: oldestNode },
    },
  )
}
