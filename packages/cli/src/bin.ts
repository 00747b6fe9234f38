#!/usr/bin/env node
import { processIo } from './process-io.ts'
import { printFailure, runCli } from './run-cli.ts'

const argv = process.argv.slice(2)
const { io, exitCode } = processIo()
process.on('uncaughtException', (error) => {
  process.exit(printFailure(error, io, argv.includes('--json')))
})
const code = await runCli(argv, io)
// Set, not exit(): what is still in a pipe reaches its reader.
process.exitCode = exitCode(code)
process.once('exit', () => {
  process.exitCode = exitCode(code) // a full disk may show only now
})
