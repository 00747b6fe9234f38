#!/usr/bin/env node
import { runCli } from './run-cli.ts'
import { runProcess } from './run-program.ts'

await runProcess('lelu', runCli)
