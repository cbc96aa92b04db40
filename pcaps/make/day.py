#!/usr/bin/env python3
"""A day on a ward of about 100 devices, made of shipped captures with other times and addresses.

    pcaps/make/day.py day      -o day.pcap [--hours 24] [--scale 1.0] [--attacks]
    pcaps/make/day.py baseline -o pcaps/baseline

`day` plays scenes (monitors that are polled, ventilators, pumps, HL7, DICOM studies, SDC) again and again:
each copy has its own addresses, network cards, ports, HL7 control ids and times; beside `-o` stands a list of
what was put in (`.truth.tsv`: second, scene, copy). With --attacks four attacks are hidden in it. The same
arguments give the same bytes. `baseline` writes the captures of the detectors that rest on a baseline: six
hours to learn from, then what is told or what is not.

Python 3.9, standard library only.
"""
import argparse
import gzip
import pathlib
import re
import struct

ROOT = pathlib.Path(__file__).resolve().parent.parent
START = 1_800_000_000 - 1_800_000_000 % 86400 + 86400  # a midnight, UTC
STAMP = re.compile(rb"(?<=\|)20\d{12}(?=[|+\r^-])")
MESSAGE = re.compile(rb"((?:MessageID|RelatesTo)[^>]*>urn:uuid:[0-9a-f-]{31})[0-9a-f]{5}")
CONTROL = re.compile(rb"(MSH\|[^\r|]*(?:\|[^\r|]*){6}\|[^\r|]*\||MSA\|\w\w\|)([^\r|]+)")


def frames(path):
    """(microseconds since the first, bytes) of a pcap in microseconds or nanoseconds."""
    opened = gzip.open if path.suffix == ".gz" else open
    data = opened(path, "rb").read()
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    nano = data[:4] in (b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d")
    at, first, out = 24, None, []
    while at + 16 <= len(data):
        s, f, n, _ = struct.unpack_from(order + "IIII", data, at)
        t = s * 1_000_000 + (f // 1000 if nano else f)
        first = t if first is None else first
        out.append((t - first, data[at + 16 : at + 16 + n]))
        at += 16 + n
    return out


def ones(data):
    n = int.from_bytes(data, "big")
    return (n << 8 if len(data) & 1 else n) % 65535


def checksum(data):
    return 0xFFFF - ones(data)


def ip(text):
    return bytes(int(p) for p in text.split("."))


def card(address):
    return b"\x02\x00" + address


class Scene:
    """One shipped capture. `devices`: addresses that each copy has of its own; all others stay."""

    def __init__(self, path, devices=(), hl7=False):
        self.frames = [(t, f) for t, f in frames(ROOT / path) if f[12:14] == b"\x08\x00" and f[23] in (6, 17)]
        self.devices, self.hl7 = [ip(d) for d in devices], hl7
        self.plays = 0

    def play(self, at_us, copy, network, out):
        """Appends the frames of one copy. `network`: two octets of the copies' addresses."""
        self.plays += 1
        own = {d: bytes((*network, copy // 100, 1 + copy % 100 * 2 + n)) for n, d in enumerate(self.devices)}
        shift, stamp = self.plays * 211 % 28000, STAMP_OF(at_us)
        for t, frame in self.frames:
            out.append((at_us + t, len(out), self.rewrite(frame, own, shift, stamp, at_us)))

    def rewrite(self, frame, own, shift, stamp, at_us):
        head = 14 + (frame[14] & 15) * 4
        end = 14 + int.from_bytes(frame[16:18], "big")
        src, dst = own.get(frame[26:30], frame[26:30]), own.get(frame[30:34], frame[30:34])
        b = bytearray(frame[:end])
        b[6:12] = card(src)
        if b[0] & 1 == 0:
            b[0:6] = card(dst)
        b[26:30], b[30:34] = src, dst
        b[18:20] = ((int.from_bytes(b[18:20], "big") + shift * 17) % 65535 + 1).to_bytes(2, "big")
        for p in (head, head + 2):
            port = int.from_bytes(b[p : p + 2], "big")
            if port >= 32768:
                b[p : p + 2] = (32768 + (port - 32768 + shift) % 28000).to_bytes(2, "big")
        tcp = b[23] == 6
        body = head + ((b[head + 12] >> 4) * 4 if tcp else 8)
        if self.hl7 and len(b) > body:
            payload = STAMP.sub(stamp, bytes(b[body:]))
            number = b"%05d" % (self.plays % 100000)
            payload = CONTROL.sub(lambda m: m[1] + (m[2][:-5] + number if len(m[2]) > 7 else m[2]), payload)
            b[body:] = payload
        elif tcp and b"urn:uuid:" in b[body:]:
            number = b"%05x" % (self.plays % 0xFFFFF)
            b[body:] = MESSAGE.sub(lambda m: m[1] + number, bytes(b[body:]))
        b[24:26] = b"\0\0"
        b[24:26] = checksum(b[14:head]).to_bytes(2, "big")
        place = head + (16 if tcp else 6)
        b[place : place + 2] = b"\0\0"
        pseudo = src + dst + bytes((0, b[23])) + (len(b) - head).to_bytes(2, "big")
        total = 0xFFFF - (ones(pseudo) + ones(bytes(b[head:]))) % 65535
        b[place : place + 2] = (total or 0xFFFF).to_bytes(2, "big")
        return bytes(b)


def STAMP_OF(at_us):
    import time

    return time.strftime("%Y%m%d%H%M%S", time.gmtime(at_us // 1_000_000)).encode()


def write(path, out):
    out.sort(key=lambda f: (f[0], f[1]))
    data = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)]
    for t, _, frame in out:
        data.append(struct.pack("<IIII", t // 1_000_000, t % 1_000_000, len(frame), len(frame)) + frame)
    whole = b"".join(data)
    if path.suffix == ".gz":
        whole = gzip.compress(whole, 9, mtime=0)
    path.write_bytes(whole)


# capture, devices of a copy, HL7, second octet of the network, copies, seconds between plays
SCENES = [
    ("intellivue/ivue_two_monitors.pcap", ("10.77.4.31", "10.77.4.32"), False, 91, 20, 900),
    ("medibus/medibus_monitoring.pcap", ("10.77.20.101",), False, 92, 10, 1800),
    ("hamilton/hamilton_g5_poll.pcap", ("10.77.20.101",), False, 93, 6, 1800),
    ("bcc/bcc_spacecom_monitor.pcap", ("10.77.20.105",), False, 94, 14, 900),
    ("alaris/alaris_rate_start_stop_bolus.pcap", ("10.77.20.101",), False, 95, 20, 14400),
    ("hl7v2/ward_day.pcap", (), True, 0, 1, 600),
    ("hl7v2/pcd10_closed_loop.pcap", (), True, 0, 1, 1800),
    ("hl7v2/pcd03_piv.pcap", (), True, 0, 1, 7200),
    ("dicom/radiology_day.pcap", (), False, 0, 1, 1200),
    ("sdc/pump_operations.pcap", (), False, 0, 1, 21600),
]
ATTACKS = [
    ("hl7v2/atk_rgv_unauthorised.pcap", (), True),
    ("dicom/attack_cfind_sweep.pcap", (), False),
    ("hl7v2/atk_merge_storm.pcap", (), True),
    ("alaris/attack_alaris_set_rate.pcap", (), False),
]


def day(args):
    out, truth, devices = [], [], 0
    end = int(args.hours * 3600)
    for path, own, hl7, net, copies, every in SCENES:
        scene = Scene(path, own, hl7)
        copies = max(1, round(copies * args.scale))
        devices += copies * max(1, len(own))
        for copy in range(copies):
            # No two copies at once, and no copy to the second: a ward is no clock.
            at = 20 + copy * every // copies
            n = 0
            while at < end - 30:
                scene.play((START + at) * 1_000_000 + copy * 7919, copy, (10, net), out)
                truth.append((at, path, copy))
                n += 1
                at += every + (n * 37 + copy * 13) % 41 - 20
    if args.attacks:
        for n, (path, own, hl7) in enumerate(ATTACKS):
            at = end * (n + 6) // 11
            Scene(path, own, hl7).play((START + at) * 1_000_000, 0, (10, 99), out)
            truth.append((at, path, "attack"))
    write(args.output, out)
    lines = [f"{at}\t{path}\t{copy}\n" for at, path, copy in sorted(truth, key=str)]
    args.output.with_suffix(".truth.tsv").write_text("".join(lines))
    print(f"{args.output}: {len(out)} frames, {devices} devices at the bed, {args.hours} hours")


class Talk:
    """A TCP conversation of a client and a server, frame by frame."""

    def __init__(self, client, server, port, own_port):
        self.ends, self.ports = (ip(client), ip(server)), (own_port, port)
        self.seq = [1000, 5000]

    def frame(self, side, flags, payload=b""):
        src, dst = self.ends[side], self.ends[1 - side]
        tcp = struct.pack(">HHIIBBHHH", self.ports[side], self.ports[1 - side], self.seq[side],
                          self.seq[1 - side] if flags & 16 else 0, 5 << 4, flags, 64000, 0, 0) + payload
        pseudo = src + dst + b"\0\6" + len(tcp).to_bytes(2, "big")
        total = 0xFFFF - (ones(pseudo) + ones(tcp)) % 65535
        tcp = tcp[:16] + total.to_bytes(2, "big") + tcp[18:]
        head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0x4000, 64, 6, 0) + src + dst
        head = head[:10] + checksum(head).to_bytes(2, "big") + head[12:]
        self.seq[side] += len(payload) + (1 if flags & 3 else 0)
        return card(dst) + card(src) + b"\x08\x00" + head + tcp

    def whole(self, said, answered=b""):
        """Opened, one word each way (in pieces), closed."""
        yield self.frame(0, 2)
        yield self.frame(1, 18)
        yield self.frame(0, 16)
        for at in range(0, len(said), 60000):
            yield self.frame(0, 24, said[at : at + 60000])
            yield self.frame(1, 16)
        if answered:
            yield self.frame(1, 24, answered)
            yield self.frame(0, 16)
        yield self.frame(0, 17)
        yield self.frame(1, 17)
        yield self.frame(0, 16)


def baseline(args):
    """Six hours as ever, then two hours with and without what is to be told."""
    args.output.mkdir(parents=True, exist_ok=True)
    scene = "medibus/medibus_monitoring.pcap"
    hour = 3600

    def ward(until, falls_silent=None):
        out, polls = [], Scene(scene, ("10.77.20.101",))
        short = [f for f in polls.frames if f[0] < 600_000]
        polls.frames = short
        for copy in (0, 1):
            for at in range(10, until, 240):
                if copy == 0 and falls_silent and at >= falls_silent:
                    continue
                polls.play((START + at + copy) * 1_000_000, copy, (10, 92), out)
        return out

    def calls(out, peer, seconds, size=200, port=443):
        for n, at in enumerate(seconds):
            talk = Talk("10.92.0.1", peer, port, 40000 + n % 20000)
            said = b"\0" * size
            for i, frame in enumerate(talk.whole(said, b"\0" * 60)):
                out.append(((START + at) * 1_000_000 + i * 1500, len(out), frame))
        return out

    put = lambda name, out: write(args.output / f"{name}.pcap.gz", out)
    after = range(6 * hour + 300, 8 * hour, 300)
    uneven = [6 * hour + 300 + n * 300 + n * n * 97 % 290 for n in range(23)]
    put("beacon", calls(ward(8 * hour), "203.0.113.77", after))
    put("beacon-learned", calls(ward(8 * hour), "203.0.113.77", range(600, 8 * hour, 300)))
    put("calls-as-people-make-them", calls(ward(8 * hour), "203.0.113.77", uneven))
    put("silent-monitor", ward(8 * hour, falls_silent=6 * hour + 600))
    put("monitor-goes-on", ward(8 * hour))
    # Backups of 24 MB an hour are usual; in the seventh hour 130 MB, or 48 MB.
    usual = [n * hour + 900 for n in range(6)]
    for name, size in (("volume-out", 130_000_000), ("volume-usual", 48_000_000)):
        out = calls(ward(8 * hour), "10.77.50.9", usual, 24_000_000, 873)
        put(name, calls(out, "10.77.50.9", [6 * hour + 900], size, 874))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("what", choices=("day", "baseline"))
    p.add_argument("-o", "--output", type=pathlib.Path, required=True)
    p.add_argument("--hours", type=float, default=24)
    p.add_argument("--scale", type=float, default=1.0)
    p.add_argument("--attacks", action="store_true")
    args = p.parse_args()
    (day if args.what == "day" else baseline)(args)


main()
