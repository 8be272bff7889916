// The Lua that runs inside Redis, so that record, index, sequence and news change together (all or none). Keys of one prefix share a hash tag and
// therefore a slot of a Cluster. Data lies under KEYS[4] .. key; KEYS[2] has all keys in order, KEYS[3] those that end, by the moment of their end.
import { createHash } from 'node:crypto';

/** A script with the digest Redis knows it by. */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

const script = (text: string): Script => ({ text, sha: createHash('sha1').update(text).digest('hex') });

// ARGV of all that write: channel, writer, now. News are `sequence writer kind key`. Each write also clears a few index lines whose records ended.
const COMMON = `
local channel, writer, now = ARGV[1], ARGV[2], tonumber(ARGV[3])
local function tell(kind, key)
  redis.call('PUBLISH', channel, redis.call('INCR', KEYS[1]) .. ' ' .. writer .. ' ' .. kind .. ' ' .. key)
end
local function write(key, value, px, at)
  local data = KEYS[4] .. key
  if px == '-' then
    local had = redis.call('DEL', data)
    redis.call('ZREM', KEYS[2], key)
    redis.call('ZREM', KEYS[3], key)
    if had == 0 then return end
  else
    if px == '' then
      redis.call('SET', data, value)
      redis.call('ZREM', KEYS[3], key)
    else
      redis.call('SET', data, value, 'PX', px)
      redis.call('ZADD', KEYS[3], at, key)
    end
    redis.call('ZADD', KEYS[2], 0, key)
  end
  tell('k', key)
end
local function sweep()
  for _, key in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', now, 'LIMIT', 0, 8)) do
    if redis.call('EXISTS', KEYS[4] .. key) == 0 then
      redis.call('ZREM', KEYS[2], key)
      redis.call('ZREM', KEYS[3], key)
    end
  end
end
`;

/** Then four for each write: key, framed value, PX (`-` deletes, empty keeps for ever), end. */
export const WRITE = script(`${COMMON}
for at = 4, #ARGV, 4 do write(ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]) end
sweep()
return 1
`);

/** Then one write as above, `1` or `0` for whether something is expected, and that. What has ended counts as nothing. */
export const SWAP = script(`${COMMON}
local found = redis.call('GET', KEYS[4] .. ARGV[4])
if found then
  local ends = string.match(found, '^C1(%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d)')
  if not ends then return redis.error_reply('CLAVIGER_DAMAGED record') end
  if tonumber(ends) > 0 and tonumber(ends) <= now then found = false end
end
local same = (ARGV[8] == '0' and not found) or (ARGV[8] == '1' and found and string.sub(found, 19) == ARGV[9])
if not same then return 0 end
write(ARGV[4], ARGV[5], ARGV[6], ARGV[7])
sweep()
return 1
`);

/** ARGV: least and greatest key for ZRANGEBYLEX, how many. Pairs of key and framed value; lines without a record are cleared. */
export const PAGE = script(`
local found = {}
for _, key in ipairs(redis.call('ZRANGEBYLEX', KEYS[2], ARGV[1], ARGV[2], 'LIMIT', 0, ARGV[3])) do
  local value = redis.pcall('GET', KEYS[4] .. key)
  if type(value) == 'table' then value = 'damaged' end
  if not value then
    redis.call('ZREM', KEYS[2], key)
    redis.call('ZREM', KEYS[3], key)
  end
  found[#found + 1] = key
  found[#found + 1] = value
end
return found
`);

/** Removes all records and tells that everything changed. Works on a damaged index too, as far as that can be read. */
export const CLEAR = script(`${COMMON}
local all = redis.pcall('ZRANGE', KEYS[2], 0, -1)
if not all.err then
  for _, key in ipairs(all) do redis.call('DEL', KEYS[4] .. key) end
end
redis.call('DEL', KEYS[2], KEYS[3])
tell('a', '')
return 1
`);
