/** Hands values from one side to the other, one at a time: `push` waits until the next one is asked for. */
export type Channel<T> = {
  /** False once nobody listens any more. */
  push(value: T): Promise<boolean>
  /** No further value comes. */
  end(): void
  values(): AsyncGenerator<T, void>
}

type Item<T> = { value: T; taken: (goOn: boolean) => void }

/** Of one writer and one reader. */
export function channel<T>(): Channel<T> {
  let next = Promise.withResolvers<Item<T> | undefined>()
  let open = true
  return {
    async push(value) {
      if (!open) return false
      const taken = Promise.withResolvers<boolean>()
      next.resolve({ value, taken: taken.resolve })
      return taken.promise
    },
    end() {
      next.resolve(undefined)
    },
    async *values() {
      let item: Item<T> | undefined
      try {
        for (;;) {
          item = await next.promise
          if (item === undefined) return
          next = Promise.withResolvers()
          yield item.value
          item.taken(true)
        }
      } finally {
        open = false
        item?.taken(false)
      }
    },
  }
}
