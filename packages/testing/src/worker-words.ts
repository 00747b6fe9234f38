import { fileURLToPath } from 'node:url'

/**
 * What Node is started with for the worker beside a file of this package (its `import.meta.url`). Only sources need our
 * condition: in somebody else's project it would lead to sources below node_modules, where Node takes no types.
 */
export function workerWords(beside: string): string[] {
  const isSource = beside.endsWith('.ts')
  const worker = fileURLToPath(new URL(isSource ? './worker.ts' : './worker.js', beside))
  return isSource ? ['--conditions=lelu:source', worker] : [worker]
}
