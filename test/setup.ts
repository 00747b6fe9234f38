import { vi } from 'vitest'

// A machine that plays many tests at once is no disk that hangs. Tests that are about the deadline set their own.
vi.mock('../packages/audit/src/write/log-options.ts', async (original) => {
  const options = await original<typeof import('../packages/audit/src/write/log-options.ts')>()
  return { ...options, defaultDeadlines: { ...options.defaultDeadlines, deadlineMs: 20_000 } }
})
