#!/usr/bin/env bash
# What live capture sustains on this machine: a capture is replayed over a cable between two namespaces of its own
# (nothing leaves them), faster and faster, and for each rate is told what was sent and what the receiver saw.
# Needs Linux, root, iproute2, tcpreplay, tcpdump. Generator and receiver share the processors.
#
#   benches/live.sh CAPTURE.pcap [WARDWATCH]
#
# Prints, for `tcpdump -w /dev/null` and for the program: the highest rate without loss; for the program also the loss
# at twice that rate against what it says itself (sent = seen + dropped), and its latency at half of it.
# RING=64 sets the ring in MiB, SECONDS_EACH=5 how long a rate is held, WORKERS=1 the program's threads.
set -eu
pcap=${1:?usage: benches/live.sh CAPTURE.pcap [WARDWATCH]}
program=$(realpath "${2:-target/release/wardwatch}")
ring=${RING:-64} hold=${SECONDS_EACH:-5} workers=${WORKERS:-1}
for tool in ip tcpreplay tcpdump python3; do
    command -v "$tool" > /dev/null || { echo "live.sh: no $tool: skipped"; exit 0; }
done
near=wwlive-a-$$ far=wwlive-b-$$
out=$(mktemp -d)
chmod 755 "$out"
cleanup() { ip netns del "$near" 2> /dev/null || true; ip netns del "$far" 2> /dev/null || true; rm -rf "$out"; }
trap cleanup EXIT
ip netns add "$near" && ip netns add "$far" || { echo "live.sh: namespaces need root: skipped"; exit 0; }
ip -n "$near" link add a0 type veth peer name b0 netns "$far"
for end in "$near a0" "$far b0"; do
    ip netns exec "${end% *}" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
    ip -n "${end% *}" link set "${end#* }" mtu 9000 up
done

# send RATE: replays for about the time that a rate is held; sets $sent and $rate to what really went out.
send() {
    local said
    said=$(ip netns exec "$near" tcpreplay -K --loop=100000 --limit=$(($1 * hold)) --pps="$1" -i a0 "$pcap" 2>&1 || true)
    sent=$(sed -n 's/.*Successful packets: *//p' <<< "$said")
    rate=$(sed -n 's/^Rated:.*, \([0-9.]*\) pps$/\1/p' <<< "$said")
    rate=${rate%.*}
}

# tcpdump RATE, product RATE: sets $seen, $lost.
tcpdump_at() {
    ip netns exec "$far" tcpdump -n -i b0 -B $((ring * 1024)) -w /dev/null 2> "$out/err" &
    local job=$!
    sleep 1
    send "$1"
    sleep 1
    kill -INT $job
    wait $job || true
    seen=$(sed -n 's/ packets\? captured$//p' "$out/err")
    lost=$(sed -n 's/ packets\? dropped by kernel$//p' "$out/err")
}
product_at() {
    : > "$out/eve"
    ip netns exec "$far" "$program" watch -i b0 --buffer "$ring" --workers "$workers" --stats-every 1 --json > "$out/eve" 2> "$out/err" &
    local job=$!
    for _ in $(seq 100); do grep -q 'it never sends' "$out/err" && break; sleep 0.1; done
    sleep 1
    send "$1"
    sleep 1
    kill -INT $job
    wait $job || true
    read -r seen lost quantiles < <(python3 - "$out/eve" <<'PY'
import json, sys
stats = None
for line in open(sys.argv[1]):
    if '"event_type":"stats"' in line:
        stats = json.loads(line)["stats"]
ledger = stats["ledger"]
def stage(name):
    s = stats["latency"][name]
    return f"{name}:{s['p50_us']}/{s['p99_us']}/{s['p999_us']}"
quantiles = " ".join(stage(name) for name in stats.get("latency", {}))
print(ledger["frames"]["in"], sum(ledger["lost before capture"].values()), quantiles)
PY
)
}

# Doubles the rate until frames are lost or the generator can no more, then halves the difference a few times.
sustained() {
    local receiver=$1 low=0 high=0 try=20000 n=0
    while [ "$n" -lt 9 ]; do
        "$receiver" $try
        printf '  %-8s asked %8d pps, sent %8d at %8d pps: seen %8d, dropped %7d, unaccounted %d\n' \
            "${receiver%_at}" $try "$sent" "$rate" "$seen" "$lost" $((sent - seen - lost)) >&2
        if [ "$lost" -eq 0 ] && [ "$seen" -eq "$sent" ]; then
            [ "$rate" -gt "$low" ] && low=$rate
            [ "$rate" -lt $((try * 9 / 10)) ] && break # the generator can no more
        else
            high=$try
        fi
        if [ "$high" -eq 0 ]; then try=$((try * 2)); else
            [ $((high - low)) -lt $((low / 8 + 1)) ] && break
            try=$(((low + high) / 2))
        fi
        n=$((n + 1))
    done
    echo "$low"
}

echo "ring $ring MiB, each rate for $hold s, $(nproc) processors, $(uname -r)"
plain=$(sustained tcpdump_at)
ours=$(sustained product_at)
echo "highest rate without loss: tcpdump -w /dev/null $plain pps, wardwatch $ours pps"
product_at $((ours * 2))
echo "asked for twice that: sent $sent at $rate pps, seen $seen, dropped $lost, unaccounted $((sent - seen - lost))"
product_at $((ours / 2))
echo "latency at half of it ($rate pps), microseconds p50/p99/p99.9: $quantiles"
