import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

// Tests run on the sources: nothing has to be built first.
const conditions = ['lelu:source']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'test/src/**/*.test.ts'],
    setupFiles: ['test/setup.ts'],
    // Generous: a busy machine must not tell a slow test from a broken one.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 30_000 } },
    // Most tests wait for processes and servers. By default one file at a time is played on two processors.
    maxWorkers: availableParallelism() + 1,
    // Those processes are short and load the same modules: Node keeps what it has compiled.
    env: {
      NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/node', import.meta.url)),
    },
  },
})
