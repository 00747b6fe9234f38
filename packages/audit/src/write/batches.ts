/** Lines that one write takes to the disk, and whoever waits for each. */
export type Batch<Waiter> = { bytes: Buffer; length: number; records: Waiter[] }

/** Lines that wait for the disk, in the bytes that will be written. */
export interface Batches<Waiter> {
  /** Of all lines that wait. */
  readonly bytes: number
  /** The records of the next batch. */
  readonly next: readonly Waiter[]
  /** Copies a line: the bytes from `start` to `end`. */
  add(bytes: Buffer, start: number, end: number, record: Waiter): void
  /** The next batch; from then on it is the caller's. Undefined when nothing waits. */
  take(): Batch<Waiter> | undefined
  /** Gives back a batch that no disk operation reads any more. */
  giveBack(batch: Batch<Waiter>): void
  /** Forgets all lines, and answers whoever waits for them. */
  clear(): Waiter[]
}

/** A batch takes no more lines when it has so many bytes. */
const fullBytes = 1024 * 1024
const startBytes = 128 * 1024
const newline = 0x0a

/** While the disk has one batch the next is filled. */
const keptBatches = 2

export function createBatches<Waiter>(): Batches<Waiter> {
  let waiting: Batch<Waiter>[] = []
  let bytes = 0
  const idle: Batch<Waiter>[] = []

  function fresh(): Batch<Waiter> {
    const batch = idle.pop() ?? {
      bytes: Buffer.allocUnsafeSlow(startBytes),
      length: 0,
      records: [],
    }
    waiting.push(batch)
    return batch
  }

  return {
    get bytes() {
      return bytes
    },
    get next() {
      return waiting[0]?.records ?? []
    },
    add(line, start, end, record) {
      const last = waiting.at(-1)
      const batch = last === undefined || last.length >= fullBytes ? fresh() : last
      const length = batch.length + end - start + 1
      if (length > batch.bytes.length) {
        const grown = Buffer.allocUnsafeSlow(Math.max(length, 2 * batch.bytes.length))
        batch.bytes.copy(grown, 0, 0, batch.length)
        batch.bytes = grown
      }
      line.copy(batch.bytes, batch.length, start, end)
      batch.bytes[length - 1] = newline
      bytes += length - batch.length
      batch.length = length
      batch.records.push(record)
    },
    take() {
      const batch = waiting.shift()
      bytes -= batch?.length ?? 0
      return batch
    },
    giveBack({ bytes }) {
      if (idle.length < keptBatches) idle.push({ bytes, length: 0, records: [] })
    },
    clear() {
      const records = waiting.flatMap((batch) => batch.records)
      waiting = []
      bytes = 0
      return records
    },
  }
}
