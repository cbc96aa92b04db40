#!/usr/bin/env bash
# Counts the instructions that the program takes on small captures (callgrind), against the counts recorded in
# instructions.tsv. Counts repeat where seconds do not, so a small tolerance holds on a busy machine.
#
#   benches/instructions.sh                 compare; exit 1 if a count grew by more than the tolerance
#   benches/instructions.sh --record        take the counts of this run as the new ones
#   PROFILE=release benches/instructions.sh  the release build in place of the tests' build
#
# Counts belong to a compiler, a target and a processor: recorded ones of others are not compared with.
# "start" is a run that reads one frame: compiling the rules. The other counts are what a capture took beyond it,
# so that a further rule does not count as a slower program; start itself may grow with the catalogue.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v valgrind >/dev/null 2>&1; then
  echo "instructions: valgrind is not installed, nothing was counted"
  exit 0
fi
profile=${PROFILE:-dev}
tolerance=${TOLERANCE:-5}
case $profile in
  dev) folder=debug; flags=() ;;
  *) folder=$profile; flags=(--profile "$profile") ;;
esac
cargo build --quiet --locked --package wardwatch "${flags[@]}"
program=${CARGO_TARGET_DIR:-target}/$folder/wardwatch
# Libraries choose their code by what the processor can do, so its model belongs to the key.
model=$(awk -F': *' '/^model name/ { gsub(/[^A-Za-z0-9.]+/, "-", $2); print $2; exit }' /proc/cpuinfo 2>/dev/null || true)
compiler=$(rustc -vV | awk -v m="${model:-unknown}" '/^release:/ { r = $2 } /^host:/ { h = $2 } END { print r " " h " " m }')
recorded=benches/instructions.tsv
mkdir -p .perf

# capture FILE ARGUMENTS...: builds it if it is not there.
capture() {
  local file=.perf/small-$1.pcap
  [ -s "$file" ] || python3 benches/build_captures.py "$@" -o "$file" >/dev/null
  echo "$file"
}
# count ARGUMENTS...: instructions of one run. The seeds of hash tables move it by a few in ten thousand.
count() {
  local told
  told=$(valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$@" --workers 0 2>&1 >/dev/null) || true
  awk '/refs:/ { gsub(",", "", $NF); print $NF; found = 1 } END { exit !found }' <<<"$told"
}

mix=$(capture mix --size-mb 1)
start=$(count -r "$mix" -c 1)
counts="start $start"
for each in "mix --size-mb 1" "hl7-small --size-mb 1" "udp-small --size-mb 1" "flows --flows 2000"; do
  # shellcheck disable=SC2086  # kind and size are two words
  file=$(capture $each)
  all=$(count -r "$file")
  counts+=$'\n'"${each%% *} $((all - start))"
done

if [ "${1:-}" = --record ]; then
  { grep -v -P "^$profile\t$compiler\t" "$recorded" 2>/dev/null || true
    while read -r name n; do printf '%s\t%s\t%s\t%s\n' "$profile" "$compiler" "$name" "$n"; done <<<"$counts"
  } >"$recorded.new"
  mv "$recorded.new" "$recorded"
fi

worse=0
printf '%-12s %14s %14s %8s\n' "$profile" now recorded change
while read -r name n; do
  before=$(awk -F '\t' -v p="$profile" -v c="$compiler" -v n="$name" '$1 == p && $2 == c && $3 == n { print $4 }' "$recorded" 2>/dev/null || true)
  if [ -z "$before" ]; then
    printf '%-12s %14d %14s\n' "$name" "$n" "none"
    continue
  fi
  room=$tolerance
  [ "$name" = start ] && room=50
  change=$(awk -v a="$before" -v b="$n" 'BEGIN { printf "%+.1f", (b - a) * 100 / a }')
  printf '%-12s %14d %14d %7s%%\n' "$name" "$n" "$before" "$change"
  if awk -v c="$change" -v r="$room" 'BEGIN { exit !(c > r) }'; then worse=1; fi
done <<<"$counts"
if ! grep -q -P "^$profile\t$compiler\t" "$recorded" 2>/dev/null; then
  echo "instructions: nothing recorded for $compiler, nothing was compared"
elif [ $worse = 1 ]; then
  echo "instructions: more than $tolerance % above what was recorded. If that is worth it: benches/instructions.sh --record" >&2
  exit 1
fi
