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
    again = renamed(later(shown, 3600), {}, None, 50)
    keep("certificate-shown-again", shown + again)
    keep("certificate-of-another-issuer", shown + edited(again, b"Test SDC CA", b"Fake SDC CA"))
    keep("certificate-years-later", later(shown, 10 * 365 * DAY))


def versions():
    first = load("dicom/assoc_rejected.pcap")
    keep("toolkit-of-an-advisory", first)
    t = 1790000000
    answer = lambda server, agent: [("c", b"GET / HTTP/1.1\r\nHost: pump\r\nUser-Agent: " + agent + b"\r\n\r\n"),
                                    ("s", b"HTTP/1.1 200 OK\r\nServer: " + server + b"\r\nContent-Length: 2\r\n\r\nok")]
    ends = (*LAPTOP, 41010), (*PUMP, 80)
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
    before = [p for p in day if float(p.time) < paused + 0.5]
    beat = alive(pump.src, device, [paused + n for n in range(20, 400, 20)], "10.73.8.50")
    keep("alarm-paused-and-forgotten", before + beat)
    # Another session of the same device, in which it reports its alarm system to be on.
    other = [p for n, p in enumerate(load("sdc/attack_alarm_off.pcap"), 1) if n <= 225]
    keep("alarm-paused-for-a-minute", before + at(other, paused + 60) + beat)


def orders():
    keep("pump-gives-ten-times-the-order", load("hl7v2/atk_rate_mismatch.pcap"))


def main():
    names = sys.argv[1:] or ["logins", "newcomer", "nature", "serials", "certificates", "versions", "fleet", "patients", "alarms", "orders"]
    for name in names:
        globals()[name]()


main()
