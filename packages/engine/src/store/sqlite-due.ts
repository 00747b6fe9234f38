/** Answers a row when the column is there. */
export const findDue: string =
  "SELECT name FROM pragma_table_info('lelu_approval') WHERE name = 'due'"

export const addDue: string = 'ALTER TABLE lelu_approval ADD COLUMN due INTEGER'

/** A row from before is due since it was made: too early only means that somebody looks, too late that nobody does. */
export const fillDue: string = `UPDATE lelu_approval SET due = created_at
  WHERE due IS NULL AND state IN ('pending', 'approved', 'executing')`

/** Partial: an approval that is over costs it nothing. The id, which orders equal times, is in it by itself. */
export const indexDue: string =
  'CREATE INDEX IF NOT EXISTS lelu_approval_due ON lelu_approval (due) WHERE due IS NOT NULL'

/** What follows the columns. Takes a time (epoch ms) and a limit. Of the table: a bare `due` is the number that is answered, which no index has. */
export const whereDue: string =
  'WHERE lelu_approval.due <= ? ORDER BY lelu_approval.due, lelu_approval.id LIMIT ?'
