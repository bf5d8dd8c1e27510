-- wrk's side of compare.py: which requests are sent, and one line of figures at the end.
--
--     wrk -s compare.lua URL TEMPLATE GREATEST
--
-- TEMPLATE is a path with an "N" for a random number from 1 to GREATEST.

local next_request = 0
local requests = {}

-- The same requests for every program, made beforehand so that sending one costs nothing.
function init(args)
    local greatest = tonumber(args[2])
    math.randomseed(2026)
    for i = 1, 8192 do
        requests[i] = wrk.format("GET", (args[1]:gsub("N", math.random(1, greatest))))
    end
end

function request()
    next_request = next_request % #requests + 1
    return requests[next_request]
end

function done(summary, latency)
    local e = summary.errors
    io.write(string.format(
        '\n{"requests": %d, "seconds": %.6f, "p50_us": %d, "p99_us": %d, "bytes": %d, "errors": %d}\n',
        summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
        summary.bytes, e.connect + e.read + e.write + e.status + e.timeout))
end
