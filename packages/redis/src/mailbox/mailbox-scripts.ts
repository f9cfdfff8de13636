/**
 * What the scripts share. Facts of a message are packed: topic, qos, state, created, expires, changed (milliseconds), payload bytes,
 * idempotency key (or an empty text), and 1 where somebody wants to be told of its end.
 */
const PRELUDE = `
local COUNTERS, FACTS, PAYLOADS, WAITING, ENDS, IDEMPOTENCY, OUT = unpack(KEYS)
local QOS, STATE, EXPIRES, CHANGED, BYTES, KEY, REPORT = 2, 3, 5, 6, 7, 8, 9

local function facts_of(id)
  local packed = redis.call('HGET', FACTS, id)
  return packed and cmsgpack.unpack(packed)
end

local function end_waiting(id, facts, state, at)
  redis.call('ZREM', WAITING, id)
  redis.call('SREM', OUT, id)
  redis.call('HDEL', PAYLOADS, id)
  redis.call('HINCRBY', COUNTERS, 'bytes', -facts[BYTES])
  facts[STATE], facts[CHANGED] = state, at
  redis.call('HSET', FACTS, id, cmsgpack.pack(facts))
end

local function remember_until(id, at)
  redis.call('ZADD', ENDS, string.format('%.0f', at), id)
end

local function forget(now)
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', ENDS, '-inf', now, 'LIMIT', 0, 100)) do
    local facts = facts_of(id)
    if facts and redis.call('ZSCORE', WAITING, id) then end_waiting(id, facts, 'expired', facts[EXPIRES]) end
    if facts and facts[KEY] ~= '' then redis.call('HDEL', IDEMPOTENCY, facts[KEY]) end
    redis.call('HDEL', FACTS, id)
    redis.call('ZREM', ENDS, id)
  end
end

local function abandon_at_last_end()
  local last = redis.call('ZREVRANGE', ENDS, 0, 0, 'WITHSCORES')[2]
  for _, key in ipairs(KEYS) do
    if last then redis.call('PEXPIREAT', key, string.format('%.0f', last)) else redis.call('DEL', key) end
  end
end
`;

/**
 * Stores a message, or tells that it was stored under its idempotency key before, or that the mailbox is full. Whatever is past its
 * time does not count. What was stored before is written again: replicas are waited for up to what an attempt writes itself.
 * ARGV: id, topic, qos, created, expires, payload, idempotency key, most messages, most bytes, retention, report.
 */
export const PUT = `${PRELUDE}
local id, now = ARGV[1], tonumber(ARGV[4])
forget(now)
if ARGV[7] ~= '' then
  local existing = redis.call('HGET', IDEMPOTENCY, ARGV[7])
  if existing then
    redis.call('HSET', IDEMPOTENCY, ARGV[7], existing)
    return {'existing', existing}
  end
end
local function is_full()
  local bytes = redis.call('HGET', COUNTERS, 'bytes') or 0
  return redis.call('ZCARD', WAITING) >= tonumber(ARGV[8]) or bytes + #ARGV[6] > tonumber(ARGV[9])
end
if is_full() then
  for _, waiting in ipairs(redis.call('ZRANGE', WAITING, 0, -1)) do
    local facts = facts_of(waiting)
    if facts[EXPIRES] <= now then end_waiting(waiting, facts, 'expired', facts[EXPIRES]) end
  end
  if is_full() then return {'full'} end
end
local time = redis.call('TIME')
local position = math.max((redis.call('HGET', COUNTERS, 'position') or 0) + 1, time[1] * 1000000 + time[2])
local facts = {ARGV[2], tonumber(ARGV[3]), 'queued', now, tonumber(ARGV[5]), now, #ARGV[6], ARGV[7], tonumber(ARGV[11])}
redis.call('HSET', COUNTERS, 'position', string.format('%.0f', position))
redis.call('HINCRBY', COUNTERS, 'bytes', #ARGV[6])
redis.call('HSET', FACTS, id, cmsgpack.pack(facts))
redis.call('HSET', PAYLOADS, id, ARGV[6])
redis.call('ZADD', WAITING, string.format('%.0f', position), id)
if ARGV[7] ~= '' then redis.call('HSET', IDEMPOTENCY, ARGV[7], id) end
remember_until(id, math.max(facts[EXPIRES], now) + ARGV[10])
abandon_at_last_end()
return {'stored', id}
`;

/** Keeps the final state of a message that does not wait. ARGV: id, topic, qos, state, created, expires, now, retention. */
export const NOTE = `${PRELUDE}
local now = tonumber(ARGV[7])
forget(now)
local facts = {ARGV[2], tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6]), now, 0, ''}
redis.call('HSET', FACTS, ARGV[1], cmsgpack.pack(facts))
remember_until(ARGV[1], now + ARGV[8])
abandon_at_last_end()
`;

/**
 * What waits above a position and is not past its time, in order; changes nothing. ARGV: after (or -inf), most messages, now.
 * Answers {id, position, topic, qos, created, expires, payload} each.
 */
export const PENDING = `${PRELUDE}
local found, after, now = {}, ARGV[1], tonumber(ARGV[3])
local limit = tonumber(ARGV[2])
while #found < limit do
  local page = redis.call('ZRANGEBYSCORE', WAITING, '(' .. after, '+inf', 'WITHSCORES', 'LIMIT', 0, limit)
  if #page == 0 then break end
  for i = 1, #page, 2 do
    local id, facts = page[i], facts_of(page[i])
    after = string.format('%.0f', page[i + 1])
    if facts[EXPIRES] > now and #found < limit then
      found[#found + 1] = {id, after, facts[1], facts[QOS], facts[4], facts[EXPIRES], redis.call('HGET', PAYLOADS, id)}
    end
  end
end
return found
`;

/**
 * Gives messages to a taker, unless others are out to another one: queued -> sent. Answers the ids that were given.
 * ARGV: taker, its epoch (or an empty text), now, lease, its line (or an empty text), then the ids.
 */
export const CLAIM = `${PRELUDE}
local taker, epoch, now = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local holder = redis.call('HMGET', COUNTERS, 'taker', 'epoch', 'until', 'line')
local function is_out()
  for _, id in ipairs(redis.call('SMEMBERS', OUT)) do
    local facts = facts_of(id)
    if facts and facts[EXPIRES] > now then return true end
  end
  return false
end
if holder[1] and holder[1] ~= taker then
  local newer = (holder[4] or '') == ARGV[5] and epoch and tonumber(holder[2]) and epoch > tonumber(holder[2])
  if not newer and tonumber(holder[3]) > now and is_out() then return {} end
  redis.call('DEL', OUT)
end
local given = {}
for i = 6, #ARGV do
  local facts = facts_of(ARGV[i])
  if facts and facts[EXPIRES] > now and redis.call('ZSCORE', WAITING, ARGV[i]) then
    given[#given + 1] = ARGV[i]
    redis.call('SADD', OUT, ARGV[i])
    if facts[STATE] == 'queued' then
      facts[STATE], facts[CHANGED] = 'sent', now
      redis.call('HSET', FACTS, ARGV[i], cmsgpack.pack(facts))
    end
  end
end
if #given > 0 then
  local till = string.format('%.0f', now + ARGV[4])
  redis.call('HSET', COUNTERS, 'taker', taker, 'epoch', ARGV[2], 'line', ARGV[5], 'until', till)
  abandon_at_last_end()
end
return given
`;

/** Nothing is out any more, if the taker has the mailbox. ARGV: taker. */
export const LET_GO = `${PRELUDE}
if redis.call('HGET', COUNTERS, 'taker') == ARGV[1] then
  redis.call('HDEL', COUNTERS, 'taker', 'epoch', 'until', 'line')
  redis.call('DEL', OUT)
end
`;

/** Removes a waiting message as delivered: 1 if it waited and was in time, 2 if that is to be reported. ARGV: id, when, retention. */
export const ACKNOWLEDGE = `${PRELUDE}
local id, at = ARGV[1], tonumber(ARGV[2])
if not redis.call('ZSCORE', WAITING, id) then return 0 end
local facts = facts_of(id)
if facts[EXPIRES] <= at then return 0 end
end_waiting(id, facts, 'delivered', at)
remember_until(id, at + ARGV[3])
forget(at)
abandon_at_last_end()
return facts[REPORT] == 1 and 2 or 1
`;

/** The facts of a message, an expired one as such, or nil. ARGV: id, now. */
export const STATUS = `${PRELUDE}
local facts = facts_of(ARGV[1])
if not facts then return false end
if (facts[STATE] == 'queued' or facts[STATE] == 'sent') and facts[EXPIRES] <= tonumber(ARGV[2]) then
  if redis.call('ZSCORE', WAITING, ARGV[1]) then facts[STATE], facts[CHANGED] = 'expired', facts[EXPIRES] end
end
return {facts[1], facts[QOS], facts[STATE], facts[4], facts[EXPIRES], facts[CHANGED]}
`;
