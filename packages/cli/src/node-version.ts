// Imports nothing and is written plainly: a Node of any age reads it, before it fails on what the other files need.

/** The same as in package.json: a test sees to it. */
export const oldestNode = '22.19'

/** Whether this Node is too old for Lelu; if so that is said on standard error, and the exit code is 2. */
export function refusesNode(version: string = process.versions.node): boolean {
  const [major, minor] = version.split('.').map(Number)
  const [oldestMajor, oldestMinor] = oldestNode.split('.').map(Number)
  if (
    major !== oldestMajor
      ? Number(major) > Number(oldestMajor)
      : Number(minor) >= Number(oldestMinor)
  )
    return false
  const code = 'LELU_NODE_UNSUPPORTED'
  const message = `Lelu needs Node ${oldestNode} or later; this is ${version}.`
  const help = 'Install a newer Node (https://nodejs.org), then run the command again.'
  const details = { node: version, oldest: oldestNode }
  console.error(
    process.argv.includes('--json')
      ? JSON.stringify({ error: { code, message, help, details } })
      : `${code}\n\n  × ${message}\n  help: ${help}`,
  )
  process.exitCode = 2
  return true
}
