#!/usr/bin/env node
import { refusesNode } from './node-version.ts'

if (!refusesNode()) {
  const { runCli } = await import('./run-cli.ts')
  const { runProcess } = await import('./run-program.ts')
  await runProcess('lelu', runCli)
}
