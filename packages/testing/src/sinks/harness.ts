import type { AuditSink } from '@lelu/audit'

/** How a case opens a sink. Milliseconds; what is left out is as the sink has it by default. */
export type SinkSettings = {
  /** Where the store is reached, instead of at its own port. */
  port?: number
  /** For each request to the store. */
  deadlineMs?: number
  /** By how much the writer's clock is ahead of the true time. */
  skewMs?: number
}

/** An archive that is empty at first, and whoever can be at it. */
export type SinkArchive = {
  /** Another writer, as in a process of its own. The suite closes it. */
  sink(settings?: SinkSettings): AuditSink
  /** What somebody with the store's own tools can do; left out where the store keeps no versions. */
  attacker?: {
    /** A delete marker. */
    hide(key: string): Promise<void>
    replace(key: string, bytes: Buffer): Promise<void>
  }
}

/** One kind of archive, as the suite drives it. `archive` opens a new and empty one. */
export type SinkHarness = {
  archive(): Promise<SinkArchive>
  /** How many entries fit into one answer of the store, so that lists of more are tried. Default 1000. */
  pageSize?: number
  /** Of the store, where it is reached over a network of which the suite can stand in the way. */
  port?: () => number
}
