#!/usr/bin/env node
import { refusesNode } from '@lelu/cli/node-version'

if (!refusesNode()) {
  const { runProcess } = await import('@lelu/cli/terminal')
  const { runMcp } = await import('./run-mcp.ts')
  await runProcess('lelu-mcp', (argv, io) => runMcp(argv, io, process.cwd()))
}
