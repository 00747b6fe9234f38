import { createHash } from 'node:crypto'
import type { RedisCommands } from './redis-client.ts'

/** One atomic operation: the server runs a script to its end before it looks at anything else. */
export type Script = { source: string; sha: string }

export const scriptOf = (source: string): Script => ({
  source,
  sha: createHash('sha1').update(source).digest('hex'),
})

/** The fields of a row in the order in which scripts answer them; its id is in its key. */
export const fields = [
  'tenant',
  'state',
  'rev',
  'idem',
  'createdAt',
  'attempt',
  'audited',
  'due',
  'body',
  'seal',
] as const

/** Where somebody put something else than a row there is one that was altered: the rows beside it can be read. */
const read = `
local function read(key)
  local values = redis.pcall('HMGET', key, ${fields.map((field) => `'${field}'`).join(', ')})
  if values.err then return {''} end
  return values
end
`

/*
 * Rows that an index leads to, and the sets of the state a row had before, cannot be named in KEYS beforehand. All
 * keys have one hash tag, so they are where the named ones are.
 */

/**
 * Changes nothing, and fails where nothing can be changed: a server that became a replica while its connections stayed
 * knows of no stop or revocation that is set from then on.
 */
const asPrimary = (marks: string) => `redis.call('HDEL', ${marks}, '')`

/** KEYS: row. Answers its fields. */
export const getScript: Script = scriptOf(`${read}
return read(KEYS[1])
`)

/** KEYS: call index, watermarks. ARGV: prefix of rows, scopes. Answers the marks of the scopes, then id and fields, or nothing. */
export const findByCallScript: Script = scriptOf(`${read}
local marks = {}
if ARGV[2] then
  ${asPrimary('KEYS[2]')}
  marks = redis.call('HMGET', KEYS[2], unpack(ARGV, 2))
end
local id = redis.call('GET', KEYS[1])
if not id then return {marks} end
return {marks, id, read(ARGV[1] .. id)}
`)

/**
 * KEYS: row, four sorted sets, due set, call index (left out without a call). ARGV: id, prefix of rows, when it is due (or
 * ''), fields and values. Answers id and fields of the row in its way, or nothing when it was created.
 */
export const createScript: Script = scriptOf(`${read}
local id = ARGV[1]
if redis.call('EXISTS', KEYS[1]) == 1 then return {id, read(KEYS[1])} end
if KEYS[7] then
  local taken = redis.call('GET', KEYS[7])
  if taken and redis.call('EXISTS', ARGV[2] .. taken) == 1 then
    return {taken, read(ARGV[2] .. taken)}
  end
  redis.call('SET', KEYS[7], id)
end
redis.call('HSET', KEYS[1], unpack(ARGV, 4))
for n = 2, 5 do redis.call('ZADD', KEYS[n], 0, id) end
if ARGV[3] ~= '' then redis.call('ZADD', KEYS[6], ARGV[3], id) end
return {}
`)

/**
 * KEYS: row, the sets of its next state (of all, of its tenant), due set. ARGV: id, expected revision, before, notBefore
 * (or ''), the two prefixes of sets of states, the tenant as in keys, next state, when it is due (or ''), then fields and
 * values. Revision first.
 */
export const swapScript: Script = scriptOf(`
local id, to = ARGV[1], ARGV[8]
local stored = redis.call('HMGET', KEYS[1], 'rev', 'state')
local from = stored[2]
if stored[1] ~= ARGV[2] then return 'conflict' end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if ARGV[3] ~= '' and now >= tonumber(ARGV[3]) then return 'late' end
if ARGV[4] ~= '' and now < tonumber(ARGV[4]) then return 'early' end
redis.call('HSET', KEYS[1], unpack(ARGV, 10))
if from and from ~= to then
  redis.call('ZREM', ARGV[5] .. from, id)
  redis.call('ZREM', ARGV[6] .. from .. ':' .. ARGV[7], id)
end
redis.call('ZADD', KEYS[2], 0, id)
redis.call('ZADD', KEYS[3], 0, id)
if ARGV[9] ~= '' then
  redis.call('ZADD', KEYS[4], ARGV[9], id)
else
  redis.call('HDEL', KEYS[1], 'due')
  redis.call('ZREM', KEYS[4], id)
end
return 'done'
`)

/**
 * KEYS: sorted set. ARGV: prefix of rows, where to begin, limit. Answers pairs of id and fields in order of id. Ids of ours are
 * ASCII. Others are passed over: a reply holds no bytes that are no text, so a page could not begin behind them.
 */
export const listScript: Script = scriptOf(`${read}
local found, limit, from = {}, tonumber(ARGV[3]), ARGV[2]
repeat
  local ids = redis.call('ZRANGEBYLEX', KEYS[1], from, '+', 'LIMIT', 0, limit)
  for _, id in ipairs(ids) do
    if #found < limit and not string.find(id, '[\\128-\\255]') then
      found[#found + 1] = {id, read(ARGV[1] .. id)}
    end
    from = '(' .. id
  end
until #found == limit or #ids < limit
return found
`)

/**
 * KEYS: due set. ARGV: prefix of rows, epoch ms, limit. Answers pairs of id and fields, the longest due first. What somebody
 * deleted is taken out: nobody else would, and in the end there would be nothing but it up to the limit.
 */
export const dueScript: Script = scriptOf(`${read}
local found = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[2], 'LIMIT', 0, ARGV[3])) do
  local key = ARGV[1] .. id
  if redis.call('EXISTS', key) == 1 then
    found[#found + 1] = {id, read(key)}
  else
    redis.call('ZREM', KEYS[1], id)
  end
end
return found
`)

/** KEYS: row. ARGV: number of the last event in the log. Upwards only, and only where a row is. */
export const auditedScript: Script = scriptOf(`
for n, key in ipairs(KEYS) do
  local audited = redis.pcall('HGET', key, 'audited')
  if type(audited) == 'string' and tonumber(ARGV[n]) > (tonumber(audited) or 0) then
    redis.call('HSET', key, 'audited', ARGV[n])
  end
end
return 'done'
`)

/** KEYS: watermarks. ARGV: scope, epoch ms. Upwards only. */
export const setMarkScript: Script = scriptOf(`
local mark = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '')
if not mark or tonumber(ARGV[2]) > mark then redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) end
return 'done'
`)

/** KEYS: watermarks. ARGV: scopes. Answers their marks in the same order. */
export const marksScript: Script = scriptOf(`
${asPrimary('KEYS[1]')}
return redis.call('HMGET', KEYS[1], unpack(ARGV))
`)

/** Runs a script by its hash; the server is told its text when it does not know it, after a restart say. */
export async function runScript(
  commands: RedisCommands,
  script: Script,
  keys: string[],
  args: (string | number)[],
): Promise<unknown> {
  const rest = [`${keys.length}`, ...keys, ...args.map(String)]
  try {
    return await commands.send(['EVALSHA', script.sha, ...rest])
  } catch (error) {
    // It has not run: so this is no second try of something that may have been done.
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
    return commands.send(['EVAL', script.source, ...rest])
  }
}
