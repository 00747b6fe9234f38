import { DatabaseSync } from 'node:sqlite'

// Plays the attacker of the story: changes the input of an approved call behind Lelu's back.
//   alter-database.ts DATABASE APPROVAL

const [path = '', id = ''] = process.argv.slice(2)
const sql = `UPDATE lelu_approval SET body = replace(body, '"quantity":5,', '"quantity":5000,') WHERE id = ?`

const database = new DatabaseSync(path, { timeout: 2000 })
const bodyOf = () =>
  (
    database.prepare('SELECT body FROM lelu_approval WHERE id = ?').get(id) as
      | { body: string }
      | undefined
  )?.body
const before = bodyOf()
database.prepare(sql).run(id)
const after = bodyOf()
database.close()
if (before === undefined || before === after) {
  console.error('The database was not changed.')
  process.exit(1)
}
console.log(sql.replace('?', `'${id}'`))
