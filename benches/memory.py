#!/usr/bin/env python3
"""How much memory a replay takes at most: flat, however long the capture, and bounded by the limits.

    benches/memory.py [WARDWATCH]

Builds the captures (1.7 GB) in a temporary folder, or takes those of --captures; prints a line each and fails where
the 1 GB capture takes more than the 200 MB one by a tenth, or a million conversations more than 600 MB.
"""
import argparse, os, pathlib, subprocess, sys, tempfile

HERE = pathlib.Path(__file__).resolve().parent
MIB = 1024


def peak(command):
    """Resident KiB at most, and CPU seconds."""
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    said = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{' '.join(command)}: {said}")
    return usage.ru_maxrss, usage.ru_utime + usage.ru_stime


def capture(folder, name, *arguments):
    path = folder / name
    if not path.exists():
        builder = [sys.executable, str(HERE / "build_captures.py"), *arguments, "-o", str(path)]
        subprocess.run(builder, check=True, stdout=subprocess.DEVNULL)
    return path


def main():
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("program", nargs="?", default=str(HERE.parent / "target/release/wardwatch"))
    ask.add_argument("--captures", type=pathlib.Path, help="folder with captures that were built before")
    args = ask.parse_args()
    wrong = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.captures or pathlib.Path(scratch)

        def run(name, path, *more):
            kib, seconds = peak([args.program, "-r", str(path), *more])
            print(f"{name:<34} {kib / MIB:7.0f} MiB resident at most, {seconds:6.2f} CPU s", flush=True)
            return kib

        small = run("mix, 200 MB", capture(folder, "mix-200.pcap", "mix", "--size-mb", "200"))
        large = run("mix, 1 GB", capture(folder, "mix-1000.pcap", "mix", "--size-mb", "1000"))
        if large > small * 1.1:
            wrong.append(f"five times the capture takes {large / small:.2f} times the memory")
        flows = capture(folder, "flows-1m.pcap", "flows", "--flows", "1000000")
        million = run("a million conversations", flows)
        if million > 600 * MIB:
            wrong.append(f"a million conversations take {million / MIB:.0f} MiB, more than 600")
        config = pathlib.Path(scratch) / "bounded.toml"
        config.write_text("[limits]\nflows = 100000\n")
        bounded = run("the same, `flows` limited to 100000", flows, "--config", str(config))
        if bounded > million / 2:
            wrong.append(f"the limit `flows` bounds little: {bounded / MIB:.0f} of {million / MIB:.0f} MiB")
    for line in wrong:
        print(line)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
