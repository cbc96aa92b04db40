"""Makes logins.tsv: reads `user<TAB>password<TAB>what it is of` from standard input, writes salted hashes and what they are of.

The pairs themselves are public (manuals, advisories, NVD); they are not kept here, so that nobody takes this file for a list to try."""
import hashlib, sys

SALT = b"wardwatch vendor logins 1"
rows = set()
for line in sys.stdin:
    user, password, of = line.rstrip("\n").split("\t")
    name = hashlib.sha256(SALT + user.encode()).digest()
    rows.add((hashlib.sha256(name + password.encode()).hexdigest(), of))
print("\n".join("\t".join(row) for row in sorted(rows)))
