#!/bin/sh
# A simulated day: policy learned from its first six hours, baseline from the same; then the day as it is
# and with four attacks. Prints findings by severity, and the most memory that 6 and 24 hours took.
#
#     pcaps/make/day.sh target/release/wardwatch
set -eu
program=$1
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 "$here/day.py" day --hours 6 -o "$work/six.pcap"
python3 "$here/day.py" day -o "$work/quiet.pcap"
python3 "$here/day.py" day --attacks -o "$work/attacks.pcap"
"$program" learn -r "$work/six.pcap" --policy-out "$work/policy.toml" 2>"$work/said" || { cat "$work/said"; exit 1; }
# What a person would do after reading it.
sed -i 's/^# accepted_by/accepted_by/' "$work/policy.toml"
python3 - "$program" "$work" <<'PYTHON'
import collections, json, resource, subprocess, sys
program, work = sys.argv[1:]
for name in ("six", "quiet", "attacks"):
    # Into a file: what this process holds would count as the program's.
    with open(f"{work}/{name}.jsonl", "w") as out:
        subprocess.run([program, "replay", "--json", "--learn-for", "6h", "-r", f"{work}/{name}.pcap", "--policy",
                        f"{work}/policy.toml"], stdout=out, stderr=subprocess.DEVNULL, check=True)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    levels, loud = collections.Counter(), collections.Counter()
    for line in open(f"{work}/{name}.jsonl"):
        if '"event_type":"alert"' in line:
            alert = json.loads(line)["alert"]
            levels[alert["level"]] += 1
            if alert["level"] not in ("low", "info"):
                loud[alert["rule_id"]] += 1
    print(f"{name}: {sum(loud.values())} findings above low {dict(loud)}; all {dict(levels)}; {peak} KB at most so far")
PYTHON
