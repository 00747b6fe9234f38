type Sqlite = typeof import('node:sqlite')

let sqlite: Sqlite | undefined

/** Node warns once that its SQLite is experimental; users of Lelu can do nothing about it, so it is not shown. */
export function loadSqlite(): Sqlite {
  if (sqlite !== undefined) return sqlite
  const emitWarning = process.emitWarning
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    if (String(warning).includes('SQLite')) return
    ;(emitWarning as (...all: unknown[]) => void).call(process, warning, ...rest)
  }) as typeof process.emitWarning
  try {
    // Not by `require`: a bundler (Next's) would look for it in a package.
    sqlite = process.getBuiltinModule('node:sqlite')
  } finally {
    process.emitWarning = emitWarning
  }
  // One that was built, or started, without it.
  if (sqlite === undefined) throw new Error('This Node has no node:sqlite')
  return sqlite
}
