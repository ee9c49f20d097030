-- Requests for wrk: FILE of targets, Accept, "fresh" (each request differs, by a comment) or "same", and a start number.
local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(args)
  targets, turn = {}, 0
  for line in io.lines(args[1]) do targets[#targets + 1] = line end
  wrk.headers["Accept"] = args[2]
  fresh, start = args[3] == "fresh", args[4]
  same = wrk.format("GET", targets[1])
end

function request()
  if not fresh then return same end
  turn = turn + 1
  local target = targets[(turn + number) % #targets + 1]
  return wrk.format("GET", target .. "%0A%23" .. number .. "-" .. start .. "-" .. turn)
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format('{"requests": %d, "seconds": %f, "p50": %d, "p99": %d, "failed": %d, "lost": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99), errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
