"""Makes the captures of serial devices that no program at hand speaks: frames composed from the published layouts.

    python3 pcaps/make/serial-devices.py          (from the top of the tree)

Beside each capture NAME.expect.jsonl says what it holds; both come from the script below, not from wardwatch.
"""
import json, pathlib, socket, struct

TOP = pathlib.Path(__file__).resolve().parents[1]
HOST, DEVICE = "host", "device"


class Capture:
    """One conversation on TCP, a frame a message. caller: who opens it, the host or the device."""

    def __init__(self, path, protocol, host, device, port, caller=HOST, start=1795552682):
        self.path, self.protocol, self.port, self.now = TOP / path, protocol, port, start
        self.frames, self.expected, self.count = [], [], 0
        here, there = (host, device) if caller == HOST else (device, host)
        self.ends = [(here, 49152 + port % 1000), (there, port)]
        self.next = [0x1000 + port, 0x9000 + port]
        self.side = {HOST: 0, DEVICE: 1} if caller == HOST else {HOST: 1, DEVICE: 0}
        for side, flags in ((0, 2), (1, 18), (0, 16)):
            self.segment(side, flags)

    def segment(self, side, flags, payload=b""):
        (src, sport), (dst, dport) = self.ends[side], self.ends[1 - side]
        ack = self.next[1 - side] if flags & 16 else 0
        tcp = struct.pack(">HHIIBBHHH", sport, dport, self.next[side], ack, 0x50, flags, 8192, 0, 0) + payload
        pseudo = socket.inet_aton(src) + socket.inet_aton(dst) + struct.pack(">BBH", 0, 6, len(tcp))
        tcp = tcp[:16] + struct.pack(">H", checksum(pseudo + tcp)) + tcp[18:]
        self.count += 1
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), self.count, 0x4000, 64, 6, 0,
                         socket.inet_aton(src), socket.inet_aton(dst))
        ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
        mac = lambda address: b"\x02\x00" + socket.inet_aton(address)
        self.now += 0.25
        self.frames.append((self.now, mac(dst) + mac(src) + b"\x08\x00" + ip + tcp))
        self.next[side] += len(payload) + (1 if flags & 3 else 0)

    def say(self, who, payload, *messages):
        """messages: (kind, {field: value}) that this segment completes."""
        side = self.side[who]
        self.segment(side, 24, payload)
        end = lambda e: "%s:%d" % e
        for kind, fields in messages:
            self.expected.append({"frame": self.count, "protocol": self.protocol, "kind": kind,
                                  "src": end(self.ends[side]), "dst": end(self.ends[1 - side]), "fields": fields})

    def close(self):
        for side, flags in ((0, 17), (1, 17), (0, 16)):
            self.segment(side, flags)
        self.path.parent.mkdir(exist_ok=True)
        with open(self.path.with_suffix(".pcap"), "wb") as out:
            out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
            for now, frame in self.frames:
                out.write(struct.pack("<IIII", int(now), int(now % 1 * 1e6), len(frame), len(frame)) + frame)
        lines = [json.dumps(e, separators=(",", ":")) for e in self.expected]
        self.path.with_suffix(".expect.jsonl").write_text("\n".join(lines) + "\n")


def checksum(data):
    total = sum(struct.unpack(">%dH" % ((len(data) + 1) // 2), data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def crc16(data, value):
    for byte in data:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ 0x1021 if value & 0x8000 else value << 1) & 0xFFFF
    return value


def capnostream():
    def frame(code, payload=b""):
        escape = lambda data: b"".join(bytes([0x80, b & 0x7F]) if b in (0x80, 0x85) else bytes([b]) for b in data)
        body = bytes([len(payload) + 1]) + escape(bytes([code]) + payload)
        total = 0
        for byte in body:
            total ^= byte
        return b"\x85" + body + escape(bytes([total]))

    numerics = bytearray(30)
    numerics[4:9] = bytes([38, 0, 12, 97, 72])
    c = Capture("capnostream/silence-and-limits", "capnostream", "10.62.4.9", "10.62.4.31", 4007)
    c.say(HOST, frame(1), ("enable_comm", {}))
    c.say(HOST, frame(9), ("inquire_revision", {}))
    c.say(HOST, frame(4), ("start_real_time", {}))
    c.say(DEVICE, frame(1, bytes(numerics)), ("numerics", {}))
    c.say(HOST, frame(6), ("link_active", {}))
    c.say(HOST, frame(60, bytes([1, 0])), ("setup", {}))
    c.say(HOST, frame(60, bytes([5, 20])), ("setup", {}))
    c.say(HOST, frame(60, bytes([11, 0x80])), ("setup", {}))
    c.say(HOST, frame(11), ("inquire_patient_id", {}))
    c.say(HOST, frame(61, b"TESTPAT-31"), ("set_patient_id", {}))
    c.say(HOST, frame(5), ("stop_real_time", {}))
    c.say(HOST, frame(2), ("disable_comm", {}))
    c.close()


def masimo():
    c = Capture("masimo/readings-and-an-alarm", "masimo", "10.62.4.9", "10.62.4.32", 4002)
    for at, spo2, bpm, alarm in ((2, "098", "072", "0000"), (3, "097", "073", "0000"), (4, "---", "---", "0000"), (5, "084", "118", "0101")):
        line = (f"11/24/26 20:38:0{at} SN=0000070986 SPO2={spo2}% BPM={bpm} PI=01.30% SPCO=--.-% SPMET=--.-% "
                f"DESAT=-- PIDELTA=+-- PVI=--- ALARM={alarm} EXC=000000\r\n")
        c.say(DEVICE, line.encode(), ("reading", {"SN": "0000070986", "alarm": alarm}))
    c.close()


def nellcor():
    c = Capture("nellcor/alarm-silenced-and-clock-set", "nellcor", "10.62.4.9", "10.62.4.33", 10003)
    c.say(DEVICE, b"N-595 VERSION 1.03 CRC:A1B2 SpO2 Limit: 85-100% PR Limit: 40-170 BPM\r\n", ("header", {}))
    c.say(DEVICE, b"TIME %SPO2 BPM PA Status\r\n", ("header", {}))
    for line, flags in (("24-NOV-26 20:38:02 98 72 40", {}), ("24-NOV-26 20:38:04 84* 72 40 SL", {"flag": "SL"}),
                        ("24-NOV-26 20:38:06 83* 71 40 AS SL", {"flag": "AS"}), ("24-NOV-26 20:38:08 --- --- --- SD", {"flag": "SD"})):
        c.say(DEVICE, line.encode() + b"\r\n", ("reading", flags))
    c.say(HOST, b"2\r", ("command", {}))
    c.close()


def nonin():
    def packet(spo2):
        frames = b""
        for n in range(25):
            data = bytes([0x81 if n == 0 else 0x80, 0x40, n * 5, spo2 if n == 2 else 0])
            frames += data + bytes([sum(data) & 0xFF])
        return frames

    c = Capture("nonin/format-and-clock-set", "nonin", "10.62.4.9", "10.62.4.34", 4005)
    c.say(HOST, bytes.fromhex("0270020208 03".replace(" ", "")), ("set_format", {}))
    c.say(DEVICE, b"\x06", ("ACK", {}))
    c.say(DEVICE, packet(97), ("packet", {}))
    c.say(HOST, bytes.fromhex("027206 1a0b18142602 03".replace(" ", "")), ("set_time", {}))
    c.say(DEVICE, b"\x06", ("ACK", {}))
    c.say(HOST, bytes.fromhex("02740202 0203".replace(" ", "")), ("get_serial", {}))
    c.close()


def puritan_bennett():
    def record(name, count, values):
        fields = "".join(f"{values.get(n, ''):<{18 if n == 6 else 12 if n == 7 else 6}}," for n in range(5, 5 + count))
        return f"{name},{len(fields)},{count} ,\x02{fields}\x03\r".encode()

    before = {5: "08:51 ", 6: "840 3510099999", 7: "NOV 24 2026 ", 9: "SIMV", 13: "12.0", 14: "0.45", 16: "40", 18: "5.0", 72: "6.1", 105: "OFF"}
    after = before | {5: "08:53 ", 14: "0.60", 34: "OFF", 105: "ON"}
    # The ventilator's terminal server calls the gateway: who commands does not follow from who called.
    c = Capture("puritan_bennett/limit-off-seen-by-a-called-gateway", "puritan_bennett", "10.62.4.9", "10.62.4.35", 7755, caller=DEVICE)
    c.say(HOST, b"RSET\r", ("RSET", {}))
    c.say(HOST, b"SNDF\r", ("SNDF", {}))
    c.say(DEVICE, record("MISCF", 169, before), ("MISCF", {"mode": "SIMV", "tidal": "0.45", "silence": "OFF"}))
    c.say(HOST, b"SNDF\r", ("SNDF", {}))
    c.say(DEVICE, record("MISCF", 169, after), ("MISCF", {"tidal": "0.60", "silence": "ON"}))
    c.say(HOST, b"SNDA\r", ("SNDA", {}))
    c.close()


def baxter_as50():
    frame = lambda text: text + struct.pack(">H", crc16(text, 0))
    c = Capture("baxter_as50/rate-and-bolus", "baxter_as50", "10.62.4.9", "10.62.4.36", 4011)
    for asked, kind, fields, told in (
            (b"[DEV?]", "DEV", {}, b"[DEV=AS50]"), (b"[STATUS?]", "STATUS", {}, b"[STATUS=STOP]"),
            (b"[PRIRATE?]", "PRIRATE", {}, b"[PRIRATE=2.0]"), (b"[PRIRATE=5.0]", "PRIRATE", {"rate": "5"}, b"[ACK]"),
            (b"[PRIVTBI=50]", "PRIVTBI", {"volume": "50"}, b"[ACK]"), (b"[BOLSIZ=9.9]", "BOLSIZ", {"volume": "9.9"}, b"[REJECT]"),
            (b"[BOLST]", "BOLST", {}, b"[ACK]"), (b"[EXIT]", "EXIT", {}, b"[ACK]")):
        c.say(HOST, frame(asked), (kind, fields))
        c.say(DEVICE, frame(told), ("reply", {}))
    c.close()


def alaris():
    frame = lambda text: b"!" + text + b"|%04X\r" % crc16(text, 0xFFFF)
    c = Capture("alaris/pump_calls_its_gateway", "alaris", "10.62.4.9", "10.62.4.37", 5150, caller=DEVICE)
    for asked, told, kind, fields in (
            (b"INST_SERIALNO", b"INST_SERIALNO^8003-00417", "INST_SERIALNO", {}),
            (b"INF_RATE", b"INF_RATE^2.00^ml/h", "INF_RATE", {}),
            (b"REMOTE_CTRL^ENABLED^%04X" % crc16(b"8003-00417", 0xFFFF), b"REMOTE_CTRL^ENABLED^****^PERMIT^0^ms", "REMOTE_CTRL", {}),
            (b"INF_RATE^48.00^ml/h", b"INF_RATE^48.00^ml/h", "INF_RATE", {"rate": "48"}),
            (b"INF_START", b"INF_START", "INF_START", {}), (b"INF_STOP", b"INF_STOP", "INF_STOP", {})):
        c.say(HOST, frame(asked), (kind, fields))
        c.say(DEVICE, frame(told), (kind, {}))
    c.close()


def ivy():
    def block(*lines):
        # 200 samples of ECG, 50 each of respiration, pleth and two pressures; FE is a sample that clips.
        ecg = bytes(100 + (at * 37 % 60 if at % 40 < 9 else 2) for at in range(200))
        waves = ecg + bytes(50) + bytes(86 + at for at in range(50)) + b"\xfe" * 50 + b"\xfb" * 50
        return b"\xffANSAR-B " + waves + "".join(line + "\r" for line in lines).encode() + b"\xfe"

    def vitals(hr="72", label="", spo2="97", pr="72 ", nibp=("118", "74", "89", "71")):
        return (f"HR=1;{hr};ECG-II-DIAG;{label}", "RR=1;14;APNEA: 20 SEC;", "ETCO2=1;;;", f"SPO2=1;{spo2};PR={pr};",
                "NIBP=4;%s;%s;%s;%s;;" % nibp, "P1=3;111;73;88;;", "P2=3;;;;NO TRANSDUCER;", "T1=1;36.9;;", "T2=1;;;")

    c = Capture("ivy/heart-rate-alarm-and-a-word-of-the-host", "ivy", "10.62.4.9", "10.62.4.38", 4006)
    c.say(DEVICE, block(*vitals())[200:])
    c.say(DEVICE, block(*vitals()), ("vitals", {"heart_rate": "72", "nibp_mean": "89", "t1": "36.9"}))
    c.say(DEVICE, block(*vitals("31", "HR LOW", "88", "")), ("vitals", {"heart_rate": "31", "heart_rate_alarm": "HR LOW", "spo2": "88"}))
    c.say(HOST, b"RESET\r", ("RESET", {}))
    c.say(DEVICE, block(*vitals("", "LEADS OFF", "", "", ("", "", "", ""))), ("vitals", {"heart_rate_alarm": "LEADS OFF"}))
    c.close()


def ge_serial():
    def header(function, sub, sequence, count, origin=b""):
        lead = b"\x40" + bytes(11) if function == 202 else bytes(12)
        return lead + struct.pack(">HHHHHH32sHH", function, sub, 0, sequence, 0, 0, origin, 0, count)

    def entry(code, values, limits):
        values, pad = list(values) + [-32768] * (3 - len(values)), [-32768] * 6
        limits = list(limits) + [0] * (6 - len(limits))
        return (struct.pack(">BBH3h", 1, code, 0, *values) + struct.pack(">BB6h", 0x0C, code, *pad)
                + struct.pack(">BBHH6hh", 3, code, 0, 0, *limits, 0) + struct.pack(">BB6BH", 0x15, code, *[0] * 6, 0)
                + struct.pack(">BB4h", 2, code, 0, 0, 0, 0) + bytes([1, code, 0, 0]))

    def update(sequence, alarm, level, *entries):
        data = bytes([alarm, level, level, 1, len(entries), 0]) + b"".join(entries)
        return header(201, 20, sequence, len(data), b"ICU|BED-4") + data + b"\x5a\xa5"

    poll = header(202, 35, 0, 0) + bytes(44)
    c = Capture("ge_serial/poll-and-alarm-silenced", "ge_serial", "10.62.4.9", "10.62.4.39", 4009)
    for sequence, alarm, level, hr, high in ((1, 0, 0, 71, 120), (2, 0, 7, 148, 120), (3, 1, 7, 149, 120), (4, 0, 0, 149, 200)):
        c.say(HOST, poll, ("poll_parameters", {}))
        c.say(DEVICE, update(sequence, alarm, level, entry(0x3A, (hr, 0), (50, high)), entry(0x2D, (96, hr), (90, 100)), entry(0x18, (), ())),
              ("parameters", {"sequence": str(sequence), "hr": str(hr), "limit": "hr 50..%d" % high}))
    c.say(HOST, header(202, 36, 0, 4) + b"\x00\x01\x00\x02\x11\x22", ("unknown 0x0024", {}))
    c.close()


if __name__ == "__main__":
    for make in (capnostream, masimo, nellcor, nonin, puritan_bennett, baxter_as50, alaris, ivy, ge_serial):
        make()
