#!/usr/bin/env node
import { runProcess } from '@lelu/cli/terminal'
import { runMcp } from './run-mcp.ts'

await runProcess('lelu-mcp', (argv, io) => runMcp(argv, io, process.cwd()))
