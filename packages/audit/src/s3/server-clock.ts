type Middlewares = {
  add(
    middleware: (
      next: (args: never) => Promise<{ response: unknown }>,
    ) => (args: never) => Promise<{ response: unknown }>,
    options: { step: 'deserialize'; priority: 'low'; name: string },
  ): void
}

export type ServerClock = {
  /** A command whose answers, errors included, set the clock. */
  clocked<C extends { middlewareStack: unknown }>(command: C): C
  time(): number
  isKnown(): boolean
}

/**
 * The store's clock, from the `Date` of its answers. A host whose clock is slow would otherwise have its objects held
 * for less time than was asked.
 */
export function serverClock(now: () => number): ServerClock {
  let seen: { server: number; wall: number; steady: number } | undefined

  function see(response: unknown): void {
    const { headers } = response as { headers?: Record<string, string> }
    const server = Date.parse(headers?.date ?? '')
    if (Number.isFinite(server)) seen = { server, wall: now(), steady: performance.now() }
  }
  return {
    clocked(command) {
      const stack = command.middlewareStack as Middlewares
      stack.add(
        (next) => async (args) => {
          const result = await next(args)
          see(result.response)
          return result
        },
        { step: 'deserialize', priority: 'low', name: 'leluServerClock' },
      )
      return command
    },
    time() {
      if (seen === undefined) return now()
      // The steady clock stands still while a host sleeps, the wall clock may be set back: the longer one holds longer.
      const passed = Math.max(performance.now() - seen.steady, now() - seen.wall)
      return seen.server + passed
    },
    isKnown: () => seen !== undefined,
  }
}
