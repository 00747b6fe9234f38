import { defaultDeadlines } from '../packages/audit/src/write/log-options.ts'

// A machine that plays many tests at once is no disk that hangs. Tests that are about the deadline set their own.
defaultDeadlines.deadlineMs = 20_000
