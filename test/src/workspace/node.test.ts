import { expect, it } from 'vitest'

// A blocked install script of the `node` package makes scripts run on the system's Node without a word.
it("runs on the repository's own Node 24", () => {
  expect(process.version).toMatch(/^v24\./)
})
