#!/bin/sh
# Point reads through the pool beside /health on the loop: the same server, the same connections,
# rounds interleaved, medians. What it prints is a ratio; the rates depend on the machine.
#
#     bench/point_read.sh GANTRY [ROUNDS] [SECONDS]
set -eu
gantry=$1
rounds=${2:-5}
seconds=${3:-5}
folder=$(mktemp -d)
server=
stop() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$folder"
}
trap stop EXIT INT TERM

"$gantry" demo "$folder/demo.db" >/dev/null
cat >"$folder/gantry.json" <<EOF
{"listen": "127.0.0.1:0", "database": {"path": "$folder/demo.db"},
 "routes": [{"path": "/point/{id}", "result": "row",
   "sql": "SELECT id, title, author_id, year FROM books WHERE id = :id",
   "params": {"id": {"type": "integer"}}}]}
EOF
mkfifo "$folder/out"
"$gantry" serve --config "$folder/gantry.json" >"$folder/out" 2>"$folder/log" &
server=$!
read -r _ _ url <"$folder/out"

rate() { wrk -t1 -c64 -d"${seconds}s" "$url$1" | awk '/Requests\/sec/ {print $2} /Non-2xx/ {exit 1}'; }
median() { sort -n | awk '{a[NR] = $1} END {print (NR % 2) ? a[(NR + 1) / 2] : (a[NR / 2] + a[NR / 2 + 1]) / 2}'; }

rate /health >/dev/null # warm
i=0
while [ $i -lt "$rounds" ]; do
    rate /health >>"$folder/health"
    rate /point/7 >>"$folder/point"
    i=$((i + 1))
done
health=$(median <"$folder/health")
point=$(median <"$folder/point")
printf 'wrk, 64 connections, %s rounds of %s s, medians on %s processors\n' "$rounds" "$seconds" "$(nproc)"
printf '  /health on the loop       %8.0f requests/s\n' "$health"
printf '  point read via the pool   %8.0f requests/s\n' "$point"
awk -v p="$point" -v h="$health" 'BEGIN {printf "  ratio                     %8.2f\n", p / h}'
