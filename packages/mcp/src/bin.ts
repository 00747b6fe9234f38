#!/usr/bin/env node
import { refusesNode } from '@lelu/cli/node-version'

if (!refusesNode()) {
  const { runProcess, safeText } = await import('@lelu/cli/terminal')
  const { runMcp } = await import('./run-mcp.ts')
  const { consoleTo } = await import('./stdio/console-to.ts')
  consoleTo((text) => process.stderr.write(`lelu-mcp: ${safeText(text)}\n`))
  await runProcess('lelu-mcp', (argv, io) => runMcp(argv, io, process.cwd()))
}
