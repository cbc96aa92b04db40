#!/usr/bin/env python3
"""Makes the captures of this folder from ../ward/one-evening.pcapng: one good mirror, six made wrong on purpose.

Needs editcap (wireshark-common). The same input gives the same files, to the byte.
"""
import os
import struct
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.join(HERE, "..", "ward", "one-evening.pcapng")
# Enough of it for every conversation to have begun and ended at least once.
FRAMES = 140


def read(path):
    """Frames of a capture as (time in ns, bytes)."""
    with tempfile.NamedTemporaryFile(suffix=".pcap") as plain:
        subprocess.run(["editcap", "-F", "nsecpcap", path, plain.name], check=True)
        data = open(plain.name, "rb").read()
    assert data[:4] == b"\x4d\x3c\xb2\xa1", "little-endian nanoseconds"
    at, frames = 24, []
    while at < len(data):
        seconds, nanos, captured, _ = struct.unpack_from("<IIII", data, at)
        frames.append((seconds * 10**9 + nanos, data[at + 16:at + 16 + captured]))
        at += 16 + captured
    return frames


def write(name, frames):
    """Frames as (time, bytes) or (time, bytes, length on the wire)."""
    with open(os.path.join(HERE, name), "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1))
        for time, data, *wire in frames:
            wire = wire[0] if wire else len(data)
            out.write(struct.pack("<IIII", time // 10**9, time % 10**9, len(data), wire))
            out.write(data)


def checksum(header):
    total = sum(struct.unpack("!%dH" % (len(header) // 2), header))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total


def routed(frame):
    """The frame behind a router: other hardware addresses, one less to live."""
    ip = bytearray(frame[14:])
    size = (ip[0] & 15) * 4
    ip[8] -= 1
    ip[10:12] = b"\0\0"
    ip[10:12] = struct.pack("!H", checksum(bytes(ip[:size])))
    return bytes.fromhex("0200000000fe") + bytes.fromhex("0200000000fd") + frame[12:14] + bytes(ip)


def tcp(frame):
    """(source, source port, destination, destination port, flags, payload length)"""
    ip = frame[14:]
    head = (ip[0] & 15) * 4
    total = struct.unpack("!H", ip[2:4])[0]
    sport, dport = struct.unpack("!HH", ip[head:head + 4])
    payload = total - head - (ip[head + 12] >> 4) * 4
    return ip[12:16], sport, ip[16:20], dport, ip[head + 13], payload


def broadcast_only(frames):
    """What a port without a mirror session gets: ARP requests, multicast, a little flooded unicast."""
    out = []
    macs = {}
    for _, f in frames:
        macs[f[26:30]] = f[6:12]
    hosts = sorted(macs)
    start = frames[0][0]
    for n in range(120):
        who, whom = hosts[n % len(hosts)], hosts[(n + 1) % len(hosts)]
        mac = macs[who]
        if n % 3 == 2:
            # A service announcement to a multicast group (UDP 5353), empty answer.
            body = struct.pack("!HHHHHH", 0, 0x8400, 0, 0, 0, 0)
            udp = struct.pack("!HHHH", 5353, 5353, 8 + len(body), 0) + body
            ip = bytearray(struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), n, 0, 1, 17, 0, who,
                                       bytes([224, 0, 0, 251])))
            ip[10:12] = struct.pack("!H", checksum(bytes(ip)))
            frame = bytes.fromhex("01005e0000fb") + mac + b"\x08\x00" + bytes(ip) + udp
        else:
            arp = struct.pack("!HHBBH6s4s6s4s", 1, 0x0800, 6, 4, 1, mac, who, bytes(6), whom)
            frame = b"\xff" * 6 + mac + b"\x08\x06" + arp
        out.append((start + n * 500_000_000, frame.ljust(60, b"\0")))
    flooded = next(f for _, f in frames if tcp(f)[4] & 2)
    out.insert(60, (out[60][0] - 1, flooded))
    return out


def one_direction(frames):
    """Only what clients send: the session copies `rx` of the clients' ports."""
    clients = {tcp(f)[:4] for _, f in frames if tcp(f)[4] & 0x12 == 2}
    return [(t, f) for t, f in frames if tcp(f)[:4] in clients]


def gappy(frames):
    """Every ninth frame with data got lost at the mirror port."""
    out, n = [], 0
    for t, f in frames:
        if tcp(f)[5] > 0:
            n += 1
            if n % 9 == 5:
                continue
        out.append((t, f))
    return out


def main():
    frames = read(SOURCE)[:FRAMES]
    write("good.pcap", frames)
    write("broadcast-only.pcap", broadcast_only(frames))
    write("one-direction.pcap", one_direction(frames))
    write("doubled.pcap", [x for t, f in frames for x in ((t, f), (t + 3_000, f))])
    write("routed-twice.pcap", [x for t, f in frames for x in ((t, f), (t + 40_000, routed(f)))])
    write("snapped.pcap", [(t, f[:96], len(f)) for t, f in frames])
    write("gappy.pcap", gappy(frames))


main()
