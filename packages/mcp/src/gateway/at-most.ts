const windowMs = 10_000

/** Counts, and answers whether it is `most` at the most in ten seconds. Tells of the first one beyond, once in that time. */
export function atMost(most: number, beyond: () => void): () => boolean {
  let since = Number.NEGATIVE_INFINITY
  let count = 0
  return () => {
    const now = performance.now()
    if (now - since > windowMs) {
      since = now
      count = 0
    }
    count += 1
    if (count === most + 1) beyond()
    return count <= most
  }
}

/** Notices about one server in ten seconds. */
const mostNotices = 1000

/** Hands on what is to be said of one server, but no flood: what it prints, and what it lists, fills the operator's disk. */
export function fewNotices(server: string, notice: (text: string) => void): (text: string) => void {
  const isFew = atMost(mostNotices, () => notice(`${server}: (there is more than is shown)`))
  return (text) => {
    if (isFew()) notice(text)
  }
}
