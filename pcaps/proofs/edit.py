"""Makes captures of this folder out of shipped ones: times moved, hosts renamed, bytes exchanged for as many others.

`python3 edit.py [NAME ...]`; needs scapy. Each function below makes the captures that it names. See README.md."""
import gzip, pathlib, sys
from scapy.all import ARP, IP, TCP, UDP, Ether, Raw, PcapReader, wrpcap

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent


def load(name):
    path = ROOT / name
    return [plain(p) for p in PcapReader(gzip.open(path, "rb") if name.endswith(".gz") else str(path))]


def plain(p):
    """What a datagram or segment carries, as bytes."""
    for layer in (UDP, TCP):
        if layer in p and p[layer].payload and Raw not in p:
            data = bytes(p[layer].payload)
            p[layer].remove_payload()
            p[layer].add_payload(Raw(data))
    return p


def keep(name, frames):
    """Writes the frames in the order of their times, lengths and checksums made anew where something was changed."""
    frames = sorted(frames, key=lambda p: float(p.time))
    bare = HERE / f"{name}.pcap"
    wrpcap(str(bare), frames)
    data = bare.read_bytes()
    bare.unlink()
    with open(HERE / f"{name}.pcap.gz", "wb") as raw, gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as out:
        out.write(data)


def fresh(p):
    """A copy whose checksums are made anew."""
    p = p.copy()
    for layer in (IP, TCP, UDP):
        if layer in p:
            del p[layer].chksum
    time = p.time
    p = plain(Ether(bytes(p)))
    p.time = time
    return p


def later(frames, seconds):
    out = []
    for p in frames:
        q = p.copy()
        q.time = float(p.time) + seconds
        out.append(q)
    return out


def at(frames, start):
    first = float(frames[0].time)
    return later(frames, start - first)


def renamed(frames, names, macs=None, ports=None):
    """`names`: addresses exchanged; `macs`: cards exchanged; `ports`: client ports moved by so much."""
    out = []
    for p in frames:
        q = p.copy()
        if IP in q:
            q[IP].src, q[IP].dst = names.get(q[IP].src, q[IP].src), names.get(q[IP].dst, q[IP].dst)
        if ARP in q:
            q[ARP].psrc, q[ARP].pdst = names.get(q[ARP].psrc, q[ARP].psrc), names.get(q[ARP].pdst, q[ARP].pdst)
        if macs and Ether in q:
            q.src, q.dst = macs.get(q.src, q.src), macs.get(q.dst, q.dst)
            if ARP in q:
                q[ARP].hwsrc = macs.get(q[ARP].hwsrc, q[ARP].hwsrc)
        if ports and TCP in q:
            for side in ("sport", "dport"):
                if getattr(q[TCP], side) > 30000:
                    setattr(q[TCP], side, getattr(q[TCP], side) - ports)
        out.append(fresh(q))
    return out


def edited(frames, old, new, which=None):
    """Exchanges bytes for as many others; `which`: the frames, counted among those that hold them."""
    assert len(old) == len(new), (old, new)
    out, seen = [], 0
    for p in frames:
        if Raw in p and old in bytes(p[Raw]):
            if which is None or seen in which:
                p = p.copy()
                p[Raw].load = bytes(p[Raw]).replace(old, new)
                p = fresh(p)
            seen += 1
        out.append(p)
    assert seen, old
    return out


def talk(start, client, server, lines, step=0.2):
    """A TCP conversation. `client`, `server`: (MAC, address, port); `lines`: ("c" or "s", bytes)."""
    ends = {"c": client, "s": server}
    seq = {"c": 1000, "s": 9000}
    frames, now = [], start

    def send(side, flags, data=b""):
        nonlocal now
        other = "s" if side == "c" else "c"
        (m1, a1, p1), (m2, a2, p2) = ends[side], ends[other]
        p = Ether(src=m1, dst=m2) / IP(src=a1, dst=a2) / TCP(sport=p1, dport=p2, flags=flags, seq=seq[side], ack=0 if flags == "S" else seq[other])
        if data:
            p = p / Raw(data)
        p = Ether(bytes(p))
        p.time = now
        now += 0.002
        seq[side] += len(data) + ("S" in flags or "F" in flags)
        frames.append(p)

    send("c", "S"), send("s", "SA"), send("c", "A")
    for side, data in lines:
        now += step
        send(side, "PA", data)
        send("s" if side == "c" else "c", "A")
    send("c", "FA"), send("s", "FA"), send("c", "A")
    return frames


def alive(mac, ip, times, other="10.81.2.1"):
    """Who has ..? of a host, again and again."""
    frames = []
    for t in times:
        p = Ether(bytes(Ether(src=mac, dst="ff:ff:ff:ff:ff:ff") / ARP(op=1, hwsrc=mac, psrc=ip, pdst=other)))
        p.time = t
        frames.append(p)
    return frames


LAPTOP = "02:00:00:00:44:66", "10.81.4.66"
PUMP = "02:00:00:00:26:0a", "10.81.2.60"
DAY = 86400


def logins():
    def shell(user, password, start, port):
        said = [("s", b"\xff\xfb\x01\r\nMedical Pump\r\nlogin: "), ("c", user + b"\r\n"), ("s", b"Password: "), ("c", password + b"\r\n"), ("s", b"\r\n# ")]
        return talk(start, (*LAPTOP, port), (*PUMP, 23), said)

    def page(word, start, port):
        said = [("c", b"GET /status HTTP/1.1\r\nHost: pump\r\nAuthorization: Basic " + word + b"\r\n\r\n"),
                ("s", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")]
        return talk(start, (*LAPTOP, port), (*PUMP, 80), said)

    def files(user, password, start, port):
        said = [("s", b"220 ready\r\n"), ("c", b"USER " + user + b"\r\n"), ("s", b"331 password\r\n"), ("c", b"PASS " + password + b"\r\n"), ("s", b"230 in\r\n")]
        return talk(start, (*LAPTOP, port), (*PUMP, 21), said)

    t = 1790000000
    keep("logins-of-the-factory", shell(b"root", b"root", t, 41001) + page(b"YWRtaW46YWRtaW4=", t + 60, 41002) + files(b"insite", b"getservice", t + 120, 41003))
    keep("logins-of-the-house", shell(b"root", b"Vk3-9qLm", t, 41001) + page(b"YWRtaW46VmszLTlxTG0=", t + 60, 41002) + files(b"insite", b"Vk3-9qLm", t + 120, 41003))


def newcomer():
    day = load("hl7v2/ward_day.pcap")
    client = next(p for p in day if TCP in p)[IP].src
    macs = {p.src for p in day if IP in p and p[IP].src == client}
    old = list(macs)[0]
    again = [p for p in day if IP in p and client in (p[IP].src, p[IP].dst)]
    another = "10.20.1.99"
    arp = later(alive(old, client, [float(day[0].time)], "10.20.1.1"), 0)
    stranger = renamed(again, {client: another}, {old: "02:00:00:00:01:99"}, 100)
    moved = renamed(again, {client: another}, None, 100)
    keep("new-host-after-a-day", arp + day + later(stranger, DAY + 3600) + alive("02:00:00:00:01:99", another, [float(day[0].time) + DAY + 3599], "10.20.1.1"))
    keep("known-host-with-another-address", arp + day + later(moved, DAY + 3600) + alive(old, another, [float(day[0].time) + DAY + 3599], "10.20.1.1"))


def nature():
    lease = load("dhcp/two-clients-get-an-address.pcap")
    keep("lease-renewed", lease + later(lease, 7200))
    keep("another-system-on-the-same-card", lease + edited(later(lease, 7200), b"AcmePump 2.1", b"OtherBox 9.9"))


def serials():
    real = load("intellivue/ivue_real_m8000.pcapng")
    monitor = next(p for p in real if UDP in p and p[UDP].sport == 24105)
    twin = renamed(real, {monitor[IP].src: "192.168.126.77"}, {monitor.src: "02:00:00:00:77:77"})
    keep("two-monitors-one-serial-number", real + later(twin, 2))


def certificates():
    shown = load("tls/tls12-mutual-handshake.pcap")
    again = renamed(later(shown, 3600), {"10.73.8.50": "10.73.8.51"})
    keep("certificate-shown-again", shown + again)
    keep("certificate-of-another-issuer", shown + edited(again, b"Test SDC CA", b"Fake SDC CA"))
    keep("certificate-years-later", later(shown, 10 * 365 * DAY))


def versions():
    t = 1790000000
    answer = lambda server, agent: [("c", b"GET / HTTP/1.1\r\nHost: pump\r\nUser-Agent: " + agent + b"\r\n\r\n"),
                                    ("s", b"HTTP/1.1 200 OK\r\nServer: " + server + b"\r\nContent-Length: 2\r\n\r\nok")]
    ends = (*LAPTOP, 41010), (*PUMP, 80)
    keep("server-of-an-advisory", talk(t, *ends, answer(b"Orthanc/1.5.7", b"curl/8.5.0")))
    keep("server-of-a-repaired-version", talk(t, *ends, answer(b"Orthanc/1.5.8", b"curl/8.5.0")))
    keep("server-of-old", talk(t, *ends, answer(b"Microsoft-IIS/6.0", b"Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 5.1)")))
    keep("server-of-today", talk(t, *ends, answer(b"Microsoft-IIS/10.0", b"Mozilla/5.0 (Windows NT 10.0; Win64; x64)")))


def fleet():
    asked = [p for p in load("lantronix/attack_terminal_server_reconfig.pcap") if UDP in p and Raw in p][:4]
    server = asked[1][IP].src
    all_of_them = []
    for n in range(11):
        copy = renamed(asked, {server: f"10.77.21.{n + 1}"}, {asked[1].src: f"02:00:00:00:21:{n + 1:02x}"})
        for day in (0, 4):
            all_of_them.append((n, later(copy, n + day * DAY)))
    same = [p for _, frames in all_of_them for p in frames]
    keep("ten-with-one-firmware", same)
    keep("one-of-ten-with-other-firmware", [p for n, frames in all_of_them for p in (edited(frames, b"V6.10.0.1", b"V6.10.9.9") if n == 5 else frames)])


def patients():
    day = load("hl7v2/ward_day.pcap")
    start = float(day[-1].time) + 60
    def asked(number):
        said = [("c", b"GET /shared/notes?about=" + number + b" HTTP/1.1\r\nHost: notes.example\r\n\r\n"), ("s", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")]
        return talk(start, (*LAPTOP, 41020), ("02:00:00:00:26:01", "198.51.100.20", 80), said)
    keep("patient-in-a-web-address", day + asked(b"T90001"))
    keep("no-patient-in-a-web-address", day + asked(b"T70001"))


def alarms():
    day = load("sdc/pump_operations.pcap")
    device = "10.73.8.21"
    pump = next(p for p in day if IP in p and p[IP].src == device)
    paused = next(float(p.time) for p in day if Raw in p and b"EpisodicAlertReport" in bytes(p[Raw]) and b"Psd" in bytes(p[Raw]))
    before = [p for p in day if float(p.time) < paused + 0.002]
    beat = alive(pump.src, device, [paused + n for n in range(20, 400, 20)], "10.73.8.50")
    keep("alarm-paused-and-forgotten", before + beat)
    # Another session of the same device, in which it reports its alarm system to be on.
    other = [p for n, p in enumerate(load("sdc/attack_alarm_off.pcap"), 1) if n <= 225]
    keep("alarm-paused-for-a-minute", before + at(other, paused + 60) + beat)


def vitals():
    two = load("intellivue/ivue_two_monitors.pcap")
    monitor = next(p for p in two if UDP in p and p[UDP].sport == 24105)[IP].src
    sent = [p for p in two if UDP in p and p[IP].src == monitor and len(bytes(p[Raw])) > 60]
    told = [p for p in sent if b"\x41\x82" in bytes(p[Raw])]
    start = float(told[-1].time)

    def number(data, code, value):
        """The value behind a physiological id, in every place; as a float of 11073 with the exponent 0."""
        spot = data.index(code)
        return data[:spot + 6] + b"\x00" + value.to_bytes(3, "big") + data[spot + 10:]

    def told_again(values, first, step):
        out = []
        for n, rate in enumerate(values):
            p = told[-1].copy()
            # NuObsValue (guide): physiological id, state, unit, then a float of 11073: exponent, mantissa.
            rate, oxygen = rate if isinstance(rate, tuple) else (rate, 97)
            p[Raw].load = number(number(bytes(p[Raw]), b"\x41\x82", rate), b"\x4b\xb8", oxygen)
            p = fresh(p)
            p.time = first + n * step
            out.append(p)
        return out

    varied = told_again([70 + n * 7 % 9 for n in range(30)], start + 5, 5)
    after = start + 5 + 30 * 5
    keep("vital-signs-stand-still", two + varied + told_again([74] * 60, after, 8))
    keep("vital-signs-jump", two + told_again([(74, 97)] * 5 + [(168, 61)] * 5, start + 5, 2))
    keep("one-vital-sign-jumps", two + told_again([(74, 97)] * 5 + [(168, 96)] * 5, start + 5, 2))
    keep("vital-signs-go-on", two + varied + told_again([70 + n * 5 % 9 for n in range(60)], after, 8))


def silence():
    two = load("intellivue/ivue_two_monitors.pcap")
    heard = [p for p in two if UDP in p and p[UDP].sport == 24105]
    monitor, card = heard[0][IP].src, heard[0].src
    polls = [p for p in two if UDP in p and monitor in (p[IP].src, p[IP].dst)]
    # Before the session is ended in good order.
    end = max(float(p.time) for p in polls if b"\x41\x82" in bytes(p[Raw]))
    polls = [p for p in polls if float(p.time) <= end]
    keep("monitor-goes-silent-and-is-there", polls + alive(card, monitor, [end + n * 10 for n in range(1, 20)], "10.77.4.1"))
    other = next(p for p in two if ARP in p)
    keep("monitor-is-unplugged", polls + alive("02:00:00:00:04:01", "10.77.4.1", [end + n * 10 for n in range(1, 20)], "10.77.4.40"))


def flood():
    day = [p for p in load("hl7v2/ward_day.pcap")]
    note = [p for p in day if TCP in p and Raw in p][0]
    client = (note.src, "10.20.2.20", 40001)
    gateway = (note.dst, "10.20.1.12", 2575)
    def alarm(n, pump):
        return ("\x0bMSH|^~\\&|PUMPGW^0003B10000000001^EUI-64|HOSP|ALARMS|HOSP|20261124205%04d||ORU^R40^ORU_R40|AL%04d|P|2.6|||AL|NE|||||IHE_PCD_ACM_001\r"
                "PID|||T90001^^^HOSP^MR||TEST^ONE\rPV1||I|ICU^1^A\rOBR|1|A%d|A%d|196616^MDC_EVT_ALARM^MDC|||20261124205500\r"
                "OBX|1|ST|196940^MDC_EVT_FLUID_LINE_OCCL^MDC|1.1.1.1.1|^occlusion||||||R|||||||PUMP-%s\r"
                "OBX|2|ST|68481^MDC_ATTR_EVENT_PHASE^MDC|1.1.1.1.2|start||||||R\r"
                "OBX|3|ST|68482^MDC_ATTR_ALARM_STATE^MDC|1.1.1.1.3|active||||||R\r\x1c\r" % (n % 10000, n, n, n, pump)).encode()
    def answer(n):
        return ("\x0bMSH|^~\\&|ALARMS|HOSP|PUMPGW|HOSP|20261124205500||ACK^R40^ACK|R%04d|P|2.6\rMSA|AA|AL%04d\r\x1c\r" % (n, n)).encode()
    def told(count, gap):
        lines = []
        for n in range(count):
            lines += [("c", alarm(n, "A0001")), ("s", answer(n))]
        return talk(1790000000, client, gateway, lines, gap)
    keep("alarms-one-after-another", told(70, 1.0))
    keep("alarms-now-and-then", told(12, 12.0))


def versions_of_data():
    day = load("sdc/pump_operations.pcap")
    # Only as many digits as before: 27 becomes 11.
    last = [p for p in day if Raw in p and b"EpisodicMetricReport" in bytes(p[Raw]) and b'MdibVersion="27"' in bytes(p[Raw])]
    keep("description-went-back", edited(day, b'MdibVersion="27"', b'MdibVersion="11"'))


def images():
    day = load("dicom/radiology_day.pcap")
    keep("day-of-commitments", day + alive(day[0].src, "10.20.30.21", [float(day[-1].time) + n * 600 for n in range(1, 150)], "10.20.30.1")[-3:])
    first = [i for i, p in enumerate(day) if i + 1 >= 182 and i + 1 <= 198]
    cut = [p for i, p in enumerate(day) if i not in first]
    keep("images-not-committed", cut + alive(day[0].src, "10.20.30.21", [float(day[-1].time) + DAY + n * 60 for n in range(1, 4)], "10.20.30.1"))


def same_image():
    day = load("dicom/radiology_day.pcap")
    # The archive passes on what it was sent: 260 and on.
    keep("image-under-another-patient", day[:259] + edited(day[259:345], b"TST0001", b"TST0009"))


def crash():
    bad = load("dicom/attack_malformed.pcap")
    target = next(p for p in bad if TCP in p and p[TCP].flags == "S")
    ip, mac = target[IP].dst, target.dst
    def again(times):
        return [f for n, when in enumerate(times) for f in announced(mac, ip, when)]
    def announced(mac, ip, when):
        p = Ether(bytes(Ether(src=mac, dst="ff:ff:ff:ff:ff:ff") / ARP(op=1, hwsrc=mac, psrc=ip, pdst=ip)))
        p.time = when
        return [p]
    end = float(bad[-1].time)
    second = renamed(later(bad, 600), {}, None, 77)
    keep("malformed-and-then-restarted-twice", bad + again([end + 20]) + second + again([end + 620]))
    keep("malformed-and-nothing-happened", bad + second + again([end + 2000, end + 2600]))


def urgent():
    talked = load("telnet/attack_medfusion_telnet_ftp.pcap")
    def marked(pointer):
        out, done = [], False
        for p in talked:
            if not done and TCP in p and Raw in p and p[TCP].dport == 23:
                p = p.copy()
                p[TCP].flags |= 0x20
                p[TCP].urgptr = pointer(len(p[Raw]))
                p, done = fresh(p), True
            out.append(p)
        return out
    keep("urgent-pointer-of-nothing", marked(lambda n: 0))
    keep("urgent-pointer-of-a-break", marked(lambda n: n))


def stories():
    """Two chains of findings, each from captures of one attack a stage; and the same attacks by hosts that have nothing to do with one another."""
    here, start = "10.81.4.66", 1790000000
    probed, guessed = load("proofs/four-nodes-probed.pcap.gz"), load("proofs/twelve-wrong-passwords.pcap.gz")
    listed, out = load("dicom/attack_cfind_sweep.pcap"), load("proofs/name-of-a-store-in-the-cloud.pcap.gz")
    def extortion(guesser, lister, sender, device, archive):
        parts = (probed, renamed(guessed, {here: guesser, "10.81.2.60": device}),
                 renamed(listed, {"10.20.30.66": lister, "10.20.30.10": archive}), renamed(out, {"10.81.1.52": sender}))
        return [p for n, part in enumerate(parts) for p in at(part, start + n * 7200)]
    keep("extortion-from-one-host", extortion(here, here, here, "10.81.2.60", "10.81.1.50"))
    keep("the-same-by-strangers", extortion("10.81.5.1", "10.81.6.1", "10.81.7.1", "10.81.2.99", "10.81.1.99"))
    broken, merged = load("proofs/engine-sent-an-object.pcap.gz"), load("hl7v2/atk_merge_storm.pcap")
    def abuse(engine):
        return at(broken, start) + at(renamed(merged, {"10.20.9.66": engine}), start + 3600)
    keep("engine-abused", abuse("10.81.1.15"))
    keep("engine-and-somebody-else", abuse("10.81.5.2"))


def main():
    names = sys.argv[1:] or ["logins", "newcomer", "nature", "serials", "certificates", "versions", "fleet", "patients", "alarms", "vitals", "silence", "flood", "versions_of_data", "images", "same_image", "crash", "urgent", "stories"]
    for name in names:
        globals()[name]()


main()
