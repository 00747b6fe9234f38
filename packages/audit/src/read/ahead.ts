/** Does `work` for each item in order, beginning it for up to `count` items before they are asked for. */
export async function* aheadOf<T, R>(
  items: readonly T[],
  count: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<[T, R]> {
  const running: Promise<R>[] = []
  let begun = 0
  for (const item of items) {
    for (; begun < items.length && running.length < count; begun += 1) {
      const one = work(items[begun] as T)
      one.catch(() => {}) // thrown when it is its turn
      running.push(one)
    }
    yield [item, await (running.shift() as Promise<R>)]
  }
}
