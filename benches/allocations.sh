#!/usr/bin/env bash
# Holds the calls of the allocator for each frame, once a run is warm, below a bound: on captures of one protocol with few
# conversations, so that what is left is the frame's own. `allocations` tells the same of any capture.
set -euo pipefail
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# kind, MB, frames, allocations a frame at most
worse=0
while read -r kind size frames most; do
  python3 benches/build_captures.py "$kind" --size-mb "$size" -o "$scratch/$kind.pcap" >/dev/null 2>&1
  told=$(cargo run --quiet --locked -p wardwatch-benches --bin allocations -- "$frames" "$scratch/$kind.pcap")
  found=$(sed -n 's/.*: \([0-9.]*\) allocations.*/\1/p' <<<"$told")
  printf '%-12s %s allocations a frame, at most %s\n' "$kind" "$found" "$most"
  if awk -v f="$found" -v m="$most" 'BEGIN { exit !(f > m) }'; then worse=1; fi
done <<'TABLE'
dicom-bulk 60 15000 0.02
udp-small 37 145000 0.05
hl7-small 15 15000 0.15
TABLE
exit $worse
