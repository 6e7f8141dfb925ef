-- Asks for ranges of one file: `wrk -s edge.lua URL -- <path> <file bytes> <range bytes>`.
-- The offsets are drawn once, from a fixed seed, so that every server is asked for the same bytes.
local requests, turn = {}, 0

function init(args)
  local path, file_bytes, range_bytes = args[1], tonumber(args[2]), tonumber(args[3])
  math.randomseed(20)
  for i = 1, 256 do
    local first = math.random(0, file_bytes - range_bytes)
    local range = string.format("bytes=%d-%d", first, first + range_bytes - 1)
    requests[i] = wrk.format("GET", path, { ["Range"] = range })
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format('RESULT {"requests": %d, "bytes": %d, "failed": %d, "duration_us": %d, "p99_us": %d}\n',
    summary.requests, summary.bytes, failed, summary.duration, latency:percentile(99)))
end
