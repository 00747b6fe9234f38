import { LeluError } from '../errors.ts'
import type { RedisCommands } from './redis-client.ts'
import type { RedisKeys } from './redis-keys.ts'
import { runScript, type Script, scriptOf } from './redis-scripts.ts'

const schemaVersion = 2

/** Rows for each script of the migration: the server does nothing else meanwhile, for about two milliseconds. */
const page = 250

/** KEYS: schema version. ARGV: the one this Lelu knows. Answers the one that is stored. */
const schemaScript: Script = scriptOf(`
redis.call('SET', KEYS[1], ARGV[1], 'NX')
return redis.call('GET', KEYS[1])
`)

/**
 * KEYS: schema version, set of all rows, due set. ARGV: version from, version to, prefix of rows, behind which id to begin
 * (or ''), how many. Answers the last id of a page, or nothing when there is none after it. In hexadecimal digits both ways:
 * somebody may have added names that are no text, which come back from here as others, and the same page would come for ever.
 *
 * Once the new version is there it touches no row, so whoever comes late undoes nothing: a process writes rows only
 * after it has seen that version. Until then a row is set to what its state says, also one that an older Lelu changed
 * after a migration that was not finished. The last page and the version are one step: no row is made between them.
 */
const migrateScript: Script = scriptOf(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return false end
local after = string.gsub(ARGV[4], '..', function(digits) return string.char(tonumber(digits, 16)) end)
local from = after == '' and '-' or '(' .. after
local ids = redis.call('ZRANGEBYLEX', KEYS[2], from, '+', 'LIMIT', 0, ARGV[5])
for _, id in ipairs(ids) do
  local key = ARGV[3] .. id
  local state, created = unpack(redis.pcall('HMGET', key, 'state', 'createdAt'))
  if redis.call('TYPE', key).ok ~= 'hash' then
    redis.call('ZREM', KEYS[3], id)
  elseif state == 'pending' or state == 'approved' or state == 'executing' then
    local due = string.match(created or '', '^%d+$') or '0'
    redis.call('HSET', key, 'due', due)
    redis.call('ZADD', KEYS[3], due, id)
  else
    redis.call('HDEL', key, 'due')
    redis.call('ZREM', KEYS[3], id)
  end
end
if #ids == tonumber(ARGV[5]) then
  local last = string.gsub(ids[#ids], '.', function(byte) return string.format('%02x', string.byte(byte)) end)
  return last
end
redis.call('SET', KEYS[1], ARGV[2])
return false
`)

/** Gives rows from before version 2 a time at which they are due: when they were made. Too early only means that somebody looks. */
async function migrate(commands: RedisCommands, keys: RedisKeys, from: string): Promise<void> {
  const named = [keys.schema, keys.set(), keys.due]
  let after = ''
  for (;;) {
    const args = [from, schemaVersion, keys.rows, after, page]
    const last = await runScript(commands, migrateScript, named, args)
    if (last === null) return
    after = String(last)
  }
}

/** Sees to it that what is stored is of this version. Throws `LELU_STORE_CORRUPT` for a newer one. */
export async function makeSchema(commands: RedisCommands, keys: RedisKeys): Promise<void> {
  for (;;) {
    const stored = String(await runScript(commands, schemaScript, [keys.schema], [schemaVersion]))
    if (Number(stored) === schemaVersion) return
    if (!(Number(stored) < schemaVersion)) {
      throw new LeluError(
        'LELU_STORE_CORRUPT',
        `The approvals in ${commands.name} were made by a newer Lelu (schema ${stored}, this one knows ${schemaVersion}).`,
        { help: 'Update Lelu, or give its Keyv another namespace.' },
      )
    }
    await migrate(commands, keys, stored)
  }
}
