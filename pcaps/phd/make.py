#!/usr/bin/env python3
"""Composes session.pcap and session.expect.jsonl: one association of a weighing scale from the 20601 layout.

No device made these bytes: they prove agreement with the layout only. usage: make.py"""
import json, pathlib, struct

AGENT, MANAGER = ("10.73.9.21", 40100), ("10.73.9.10", 6024)
# sender, kind, fields that the message must show, bytes
SCENE = [
    (AGENT, "AARQ", {"system_id": "1122aabbccddeeff", "config_id": "0x4000"},
     "e2000032 80000000 0001002a 5079 0026 80000000 a000 80000000 00000000 00800000 0008 1122aabbccddeeff 4000 0081 01 01 00000000"),
    (MANAGER, "AARE", {"result": "accepted-unknown-config", "system_id": "0102030405060708"},
     "e300002c 0003 5079 0026 80000000 8000 80000000 00000000 80000000 0008 0102030405060708 0000 0000 00 00 00000000"),
    (AGENT, "roiv-cmip-confirmed-event-report", {"invoke_id": 17185, "event": "MDC_NOTI_CONFIG", "config_objects": 1},
     "e7000026 0024 4321 0101 001e 0000 00000000 0d1c 0014 4000 0001 000e 0006 0001 0001 0006 0996 0002 06c3"),
    (MANAGER, "rors-cmip-confirmed-event-report", {"invoke_id": 17185, "config_result": "accepted"},
     "e7000016 0014 4321 0201 000e 0000 00000000 0d1c 0004 4000 0000"),
    (MANAGER, "roiv-cmip-get", {"invoke_id": 13398, "handle": 0}, "e700000e 000c 3456 0103 0006 0000 0000 0000"),
    (AGENT, "rors-cmip-get", {"invoke_id": 13398, "model": "ScaleOne", "serial": "SN123456"},
     "e7000042 0040 3456 0203 003a 0000 0002 0034 0928 001a 000a 41434d454865616c7468 000c 5363616c654f6e6500000000 "
     "092d 0012 0001 000e 0001 0000 0008 534e313233343536"),
    (MANAGER, "roiv-cmip-confirmed-action", {"invoke_id": 1, "object_action": "MDC_ACT_SET_TIME", "verb": "set-time"},
     "e700001a 0018 0001 0107 0012 0000 0c17 000c 2026112420300000 00000000"),
    (AGENT, "rors-cmip-confirmed-action", {"invoke_id": 1}, "e700000e 000c 0001 0207 0006 0000 0c17 0000"),
    (MANAGER, "roiv-cmip-confirmed-action", {"invoke_id": 4, "object_action": "MDC_ACT_SEG_CLR", "verb": "delete"},
     "e7000014 0012 0004 0107 000c 000b 0c0c 0006 0001 0002 0000"),
    (AGENT, "roer", {"invoke_id": 4, "error": "access-denied"}, "e700000c 000a 0004 0300 0004 0002 0000"),
    (AGENT, "roiv-cmip-event-report", {"invoke_id": 4369, "observations": 2},
     "e7000026 0024 1111 0100 001e 0000 ffffffff 0d1d 0014 f000 0007 0002 000c 0001 0002 f3c5 000a 0002 f27b"),
    (AGENT, "RLRQ", {"reason": "normal"}, "e4000002 0000"),
    (MANAGER, "RLRE", {"reason": "normal"}, "e5000002 0000"),
]


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packet(src, dst, seq, ack, flags, payload=b""):
    ip = lambda a: bytes(map(int, a.split(".")))
    tcp = struct.pack("!HHIIBBHHH", src[1], dst[1], seq, ack, 0x50, flags, 65535, 0, 0) + payload
    pseudo = ip(src[0]) + ip(dst[0]) + struct.pack("!BBH", 0, 6, len(tcp))
    tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0x4000, 64, 6, 0) + ip(src[0]) + ip(dst[0])
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    mac = lambda a: b"\x02\0" + ip(a[0])
    return mac(dst) + mac(src) + b"\x08\0" + head + tcp


here = pathlib.Path(__file__).parent
next_seq = {AGENT: 1001, MANAGER: 5001}
other = {AGENT: MANAGER, MANAGER: AGENT}
frames = [packet(AGENT, MANAGER, 1000, 0, 2), packet(MANAGER, AGENT, 5000, 1001, 0x12), packet(AGENT, MANAGER, 1001, 5001, 0x10)]
expect = []
for who, kind, fields, text in SCENE:
    data = bytes.fromhex(text)
    # Every APDU in two segments: nothing but its own length delimits it.
    for part in (data[:5], data[5:]):
        frames.append(packet(who, other[who], next_seq[who], next_seq[other[who]], 0x18, part))
        next_seq[who] += len(part)
    expect.append({"frame": len(frames), "protocol": "phd", "kind": kind, "src": "%s:%d" % who, "dst": "%s:%d" % other[who], "fields": fields})
for who in (AGENT, MANAGER):
    frames.append(packet(who, other[who], next_seq[who], next_seq[other[who]], 0x11))
    next_seq[who] += 1
with open(here / "session.pcap", "wb") as out:
    out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
    for at, frame in enumerate(frames):
        out.write(struct.pack("<IIII", 1795552000 + at // 10, at % 10 * 100000, len(frame), len(frame)) + frame)
(here / "session.expect.jsonl").write_text("".join(json.dumps(e) + "\n" for e in expect))
