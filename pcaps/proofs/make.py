"""Makes the captures of this folder: for each rule that no other capture proves, one where it fires and one near miss.

`python3 make.py [PART ...]`; the hosts, programs and tools are those of ../ordinary/make. See README.md."""
import gzip, http.server, pathlib, socket, ssl, struct, subprocess, sys, tempfile, threading, time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "ordinary" / "make"))
import lab as labs
from lab import Lab, mac_of, sh
from programs import *

EHR, BCMA, CIS, ENGINE = "10.81.1.10", "10.81.1.11", "10.81.1.12", "10.81.1.15"
GATEWAY, CENTRAL, MONITOR, SECOND = "10.81.2.20", "10.81.1.40", "10.81.2.31", "10.81.2.32"
PACS, CT, PLANNING, POLLER, DOCK, INTRUDER = "10.81.1.50", "10.81.1.52", "10.81.1.54", "10.81.2.40", "10.81.2.60", "10.81.4.66"
LINES = [f"10.81.3.{n}" for n in range(1, 7)]
HOSTS = dict(ehr=EHR, bcma=BCMA, cis=CIS, engine=ENGINE, gw=GATEWAY, cen=CENTRAL, pacs=PACS, ct=CT, plan=PLANNING, poll=POLLER, dock=DOCK, x=INTRUDER)


def keep(lab, name):
    lab.keep(name, HERE)


def both(lab, program, near, attack, *rest):
    """`near` and `attack`: (name of the capture, host, arguments)."""
    for name, host, arguments in (near, attack):
        lab.mirror()
        lab.does(host, program, *arguments, *rest)
        keep(lab, name)


# --- commands ---------------------------------------------------------------------------------------

def commands(lab):
    for ip in LINES:
        lab.on("lines", pump, ip, 4001)
    time.sleep(0.3)
    def all_of_them():
        for ip in LINES:
            line = PumpLine((ip, 4001))
            line.control()
            line.rate(8)
    both(lab, all_of_them, ("controller-sets-six-pumps", "poll", ()), ("stranger-sets-six-pumps", "x", ()))
    # RFC 2217: the speed of the line.
    def server(ip, port):
        with socket.create_server((ip, port)) as listening:
            while True:
                s, _ = listening.accept()
                s.sendall(b"\xff\xfd\x2c")
                while s.recv(4096):
                    s.sendall(b"\xff\xfa\x2c\x65" + struct.pack(">I", 1200) + b"\xff\xf0")
    def speed(ip):
        with socket.create_connection((ip, 4002)) as s:
            s.recv(100)
            s.sendall(b"\xff\xfb\x2c\xff\xfa\x2c\x01" + struct.pack(">I", 1200) + b"\xff\xf0")
            s.recv(100)
    lab.on("lines", server, LINES[0], 4002)
    time.sleep(0.3)
    both(lab, speed, ("line-speed-by-the-controller", "poll", (LINES[0],)), ("line-speed-by-a-stranger", "x", (LINES[0],)))


# --- DICOM ------------------------------------------------------------------------------------------

def node(lab, ip, port, title, most=20):
    """Takes everything: echo, plans, steps, queries, commitment. Answers a commitment on a connection of its own."""
    from pynetdicom import AE, evt
    from pynetdicom.sop_class import (ModalityPerformedProcedureStep, RTPlanStorage, StorageCommitmentPushModel,
                                      StudyRootQueryRetrieveInformationModelFind, Verification, InventoryFind)
    ae = AE(ae_title=title)
    ae.maximum_associations = most
    for c in (Verification, RTPlanStorage, ModalityPerformedProcedureStep, StudyRootQueryRetrieveInformationModelFind, InventoryFind,
              StorageCommitmentPushModel):
        ae.add_supported_context(c, scu_role=True, scp_role=True)
    ok = lambda e: (0, e.attribute_list if hasattr(e, "attribute_list") else None)
    handlers = [(evt.EVT_C_ECHO, lambda e: 0), (evt.EVT_C_STORE, lambda e: 0), (evt.EVT_N_CREATE, ok),
                (evt.EVT_N_SET, lambda e: (0, e.modification_list)), (evt.EVT_N_ACTION, lambda e: (0, None)),
                (evt.EVT_N_EVENT_REPORT, lambda e: 0), (evt.EVT_C_FIND, lambda e: iter([(0xFF00, e.identifier)]))]
    ae.start_server((ip, port), evt_handlers=handlers)


def association(to, calling, called, *classes, roles=()):
    from pynetdicom import AE, build_role
    ae = AE(ae_title=calling)
    for c in classes:
        ae.add_requested_context(c)
    return ae.associate(*to, ae_title=called, ext_neg=[build_role(c, scp_role=True, scu_role=True) for c in roles])


def plan():
    from pydicom.dataset import FileMetaDataset
    from pynetdicom.sop_class import RTPlanStorage
    ds = dataset(SOPClassUID=RTPlanStorage, SOPInstanceUID="1.2.826.0.1.3680043.9.82.1", PatientID="T90001", PatientName="TEST^PLAN",
                 StudyInstanceUID="1.2.826.0.1.3680043.9.82", Modality="RTPLAN", RTPlanLabel="P1")
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2"
    return ds


def store_plan(calling):
    from pynetdicom.sop_class import RTPlanStorage
    a = association((PACS, 11112), calling, "PACSMAIN", RTPlanStorage)
    a.send_c_store(plan())
    a.release()


def step(calling):
    from pynetdicom.sop_class import ModalityPerformedProcedureStep as Step
    a = association((PACS, 11112), calling, "PACSMAIN", Step)
    a.send_n_create(dataset(PerformedProcedureStepStatus="IN PROGRESS", Modality="CT"), Step, "1.2.826.0.1.3680043.9.82.9")
    a.send_n_set(dataset(PerformedProcedureStepStatus="COMPLETED"), Step, "1.2.826.0.1.3680043.9.82.9")
    a.release()


def inventory(calling, everything):
    from pynetdicom.sop_class import InventoryFind, StudyRootQueryRetrieveInformationModelFind as Study
    c = InventoryFind if everything else Study
    a = association((PACS, 11112), calling, "PACSMAIN", c)
    list(a.send_c_find(dataset(QueryRetrieveLevel="STUDY", PatientID="T90001", StudyInstanceUID=""), c))
    a.release()


COMMIT = "1.2.840.10008.1.20.1", "1.2.840.10008.1.20.1.1"


def wants_commitment(uid):
    from pynetdicom.sop_class import StorageCommitmentPushModel
    a = association((PACS, 11112), "CT1", "PACSMAIN", StorageCommitmentPushModel)
    refs = dataset(TransactionUID=uid, ReferencedSOPSequence=[dataset(ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.2", ReferencedSOPInstanceUID="1.2.826.0.1.3680043.9.82.5")])
    a.send_n_action(refs, 1, *COMMIT)
    a.release()


def commits(calling, uid):
    from pynetdicom.sop_class import StorageCommitmentPushModel as Commit
    a = association((CT, 11112), calling, "CT1", Commit, roles=(Commit,))
    refs = dataset(TransactionUID=uid, ReferencedSOPSequence=[dataset(ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.2", ReferencedSOPInstanceUID="1.2.826.0.1.3680043.9.82.5")])
    a.send_n_event_report(refs, 1, *COMMIT)
    a.release()


def dicom(lab):
    for host, ip, title in (("pacs", PACS, "PACSMAIN"), ("ct", CT, "CT1"), ("dock", DOCK, "DOCK"), ("gw", GATEWAY, "GW")):
        lab.on(host, node, lab, ip, 11112, title)
    lab.on("pacs", node, lab, PACS, 11113, "SMALL", 2)
    time.sleep(4)
    both(lab, store_plan, ("plan-stored-by-the-planning-system", "plan", ("PLAN1",)), ("plan-stored-by-a-stranger", "x", ("PLAN1",)))
    both(lab, step, ("step-of-a-modality", "ct", ("CT1",)), ("step-of-a-stranger", "x", ("CT1",)))
    both(lab, inventory, ("one-study-asked-for", "ct", ("CT1", False)), ("inventory-asked-for", "x", ("MIGRATE", True)))
    both(lab, echo, ("two-nodes-probed", "x", ([PACS, CT],)), ("four-nodes-probed", "x", ([PACS, CT, DOCK, GATEWAY],)), 11112, "PROBE", "ANY-SCP")
    lab.mirror()
    lab.does("ct", wants_commitment, "1.2.826.0.1.3680043.9.82.71")
    lab.does("pacs", commits, "PACSMAIN", "1.2.826.0.1.3680043.9.82.71")
    keep(lab, "commitment-of-the-archive")
    lab.mirror()
    lab.does("ct", wants_commitment, "1.2.826.0.1.3680043.9.82.72")
    lab.does("x", commits, "PACSMAIN", "1.2.826.0.1.3680043.9.82.73")
    keep(lab, "commitment-that-nobody-asked-for")
    def many(n):
        from pynetdicom.sop_class import Verification
        kept = [association((PACS, 11113), f"Q{k}", "SMALL", Verification) for k in range(n)]
        for a in kept:
            if a.is_established:
                a.release()
    both(lab, many, ("archive-busy-once", "ct", (3,)), ("archive-kept-busy", "x", (12,)))


# --- HL7 --------------------------------------------------------------------------------------------

def hl7(lab):
    lab.on("gw", hl7_receiver, lab, GATEWAY, 2575)
    lab.on("ehr", hl7_receiver, lab, EHR, 2575, lambda block, n: "AE" if b"^Apnoea" in block else "AA")
    time.sleep(0.3)
    def order(n, mode):
        return infusion(lab.stamp(), 1, f"ORD-P{n:03d}", "20").replace("|P|2.6", f"|{mode}|2.6")
    for name, mode in (("order-in-earnest", "P"), ("order-of-a-training-system", "T")):
        lab.mirror()
        lab.does("bcma", hl7_sender, lab, (GATEWAY, 2575), lambda n: order(n, mode), [1])
        keep(lab, name)
    # The gateway says that it has the order and never what became of it.
    def answered():
        text = infusion(lab.stamp(), 1, "ORD-P100", "20", control="RGP00100").replace("|AL|NE", "|AL|AL")
        with socket.create_connection((GATEWAY, 2575)) as s:
            send(s, text)
            receive(s)
            lab.wait(5)
    reply = lambda n: message(header(lab.stamp(), "PUMPGW^0012211839000001^EUI-64", "ICU", "BCMA^1234560000000001^EUI-64", "HOSP", "RRG^O16^RRG_O16"), "MSA|AA|RGP00100")
    for name, comes in (("order-answered", True), ("order-never-answered", False)):
        lab.mirror()
        lab.on("bcma", hl7_receiver, lab, BCMA, 3001) if comes else None
        lab.does("bcma", answered)
        if comes:
            lab.does("gw", hl7_sender, lab, (BCMA, 3001), reply, [1])
        lab.wait(80)
        lab.does("bcma", hl7_sender, lab, (GATEWAY, 2575), lambda n: infusion(lab.stamp(), 2, "ORD-P101", "25"), [1])
        keep(lab, name)
    # An alarm that its receiver does not take.
    def alarm(words):
        return message(header(lab.stamp(), "MONGW", "ICU", "EHR", "HOSP", "ORU^R40^ORU_R40"), patient(3), f"OBR|1|||196616^MDC_EVT_ALARM^MDC|||{lab.stamp()}",
                       f"OBX|1|ST|196670^MDC_EVT_LO^MDC|1.3.1.150456.1|{words[1:]}||||||F")
    for name, words in (("alarm-taken", "^Low SpO2"), ("alarm-not-taken", "^Apnoea")):
        lab.mirror()
        lab.does("gw", hl7_sender, lab, (EHR, 2575), lambda n: alarm(words).replace("|Apnoea|", "|^Apnoea|"), [1])
        keep(lab, name)
    # Queries whose answers hold fifty patients each.
    def index(ip, port):
        def serve(connection):
            rest = b""
            while True:
                block, rest = receive(connection, rest)
                if block is None:
                    return
                f = block.decode().split("\r")[0].split("|")
                people = [patient(n) for n in range(50)]
                send(connection, message(header(lab.stamp(), "EHR", "HOSP", f[2], f[3], "RSP^K22^RSP_K21", version="2.5"), f"MSA|AA|{f[9]}", f"QAK|{f[9]}|OK",
                                         f"QPD|IHE PDQ Query|{f[9]}|@PID.5.1^T*", *people))
        with socket.create_server((ip, port)) as listening:
            while True:
                connection, _ = listening.accept()
                threading.Thread(target=serve, args=(connection,), daemon=True).start()
    lab.on("ehr", index, EHR, 2576)
    time.sleep(0.3)
    query = lambda n: message(header(lab.stamp(), "DESK", "HOSP", "EHR", "HOSP", "QBP^Q22^QBP_Q21", version="2.5"), f"QPD|IHE PDQ Query|Q{n:05d}|@PID.5.1^T*", "RCP|I|50^RD")
    for name, times in (("four-lists-of-patients", 4), ("twelve-lists-of-patients", 12)):
        lab.mirror()
        lab.does("cis", hl7_sender, lab, (EHR, 2576), query, [20] * times)
        keep(lab, name)


# --- TLS, web, SSH ----------------------------------------------------------------------------------

def certificate(folder, name):
    sh(f"openssl req -x509 -newkey rsa:2048 -nodes -keyout {folder}/{name}.key -out {folder}/{name}.crt -days 3650 -subj /CN={name}")


def tls_server(folder, name, ip, port, old=False):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    c.minimum_version = ssl.TLSVersion.TLSv1
    c.maximum_version = ssl.TLSVersion.TLSv1 if old else ssl.TLSVersion.TLSv1_2
    c.set_ciphers("ALL:@SECLEVEL=0")
    c.load_cert_chain(f"{folder}/{name}.crt", f"{folder}/{name}.key")
    with socket.create_server((ip, port)) as listening:
        while True:
            s, _ = listening.accept()
            try:
                with c.wrap_socket(s, server_side=True) as t:
                    t.sendall(t.recv(1000))
            except OSError:
                pass


def tls_client(targets, name="ehr.hospital.example", old=False):
    for to in targets:
        c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
        c.minimum_version = ssl.TLSVersion.TLSv1
        c.set_ciphers("ALL:@SECLEVEL=0")
        with socket.create_connection(to) as s, c.wrap_socket(s, server_hostname=name) as t:
            t.sendall(b"hello")
            t.recv(100)


def refusing_page(ip, port):
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(401)
            self.send_header("WWW-Authenticate", "Basic realm=dock")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass
    http.server.ThreadingHTTPServer((ip, port), Page).serve_forever()


def web(lab):
    with tempfile.TemporaryDirectory() as folder:
        for name in ("one", "two", "three"):
            certificate(folder, name)
        lab.on("ehr", tls_server, folder, "one", EHR, 443)
        lab.on("ehr", tls_server, folder, "one", EHR, 8443, True)
        for host, ip in (("dock", DOCK), ("gw", GATEWAY)):
            lab.on(host, tls_server, folder, "three", ip, 8444)
            lab.on(host, tls_server, folder, {"dock": "one", "gw": "two"}[host], ip, 8445)
        lab.on("dock", refusing_page, DOCK, 8081)
        lab.on("dock", web_page, DOCK, 11112)
        lab.on("engine", web_page, ENGINE, 8080, "Mirth Connect Administrator")
        for k in ("a", "b"):
            sh(f"ssh-keygen -q -t ed25519 -N '' -f {folder}/{k}; chmod 700 {folder}; mkdir -p {folder}/{k}d; cp {folder}/{k} {folder}/{k}d/host; touch {folder}/user.pub {folder}/{k}d/user.pub; mkdir -p /run/sshd")
        lab.on("dock", ssh_server, f"{folder}/ad", DOCK)
        lab.on("gw", ssh_server, f"{folder}/ad", GATEWAY)
        lab.on("pacs", ssh_server, f"{folder}/bd", PACS)
        time.sleep(1.5)
        both(lab, tls_client, ("tls-of-today", "cis", ([(EHR, 443)],)), ("tls-of-old", "cis", ([(EHR, 8443)],)))
        both(lab, tls_client, ("two-devices-two-keys", "cis", ([(DOCK, 8445), (GATEWAY, 8445)],)), ("two-devices-one-key", "cis", ([(DOCK, 8444), (GATEWAY, 8444)],)))
        both(lab, tls_client, ("name-of-the-house", "ct", ([(EHR, 443)], "files.hospital.example")), ("name-of-a-store-in-the-cloud", "ct", ([(EHR, 443)], "g.api.mega.co.nz")))
        page = lambda n: web_requests((DOCK, 8081), "curl/8", ["/"] * n)
        both(lab, page, ("five-wrong-passwords", "x", (5,)), ("twelve-wrong-passwords", "x", (12,)))
        lab.mirror()
        lab.does("x", web_requests, (DOCK, 11112), "curl/8", ["/"])
        keep(lab, "page-on-the-archive-port")
        body = b"<sorted-set><string>a</string><dynamic-proxy><interface>java.lang.Comparable</interface></dynamic-proxy></sorted-set>"
        lab.mirror()
        lab.does("cis", web_requests, (ENGINE, 8080), "curl/8", ["/api/server/version"])
        keep(lab, "engine-asked-for-its-version")
        lab.mirror()
        lab.does("x", web_requests, (ENGINE, 8080), "curl/8", ["/api/users"], "POST", body, "application/xml")
        keep(lab, "engine-sent-an-object")
        shell = lambda *ips: [ssh_client(folder, ip) for ip in ips]
        both(lab, shell, ("two-hosts-two-host-keys", "ehr", (DOCK, PACS)), ("two-hosts-one-host-key", "ehr", (DOCK, GATEWAY)))
        both(lab, shell, ("shell-from-a-listed-host", "ehr", (DOCK,)), ("shell-from-a-stranger", "x", (DOCK,)))
        both(lab, shell, ("modality-opens-a-shell", "ct", (DOCK,)), ("modality-opens-three-shells", "ct", (DOCK, GATEWAY, PACS)))


# --- below and beside ---------------------------------------------------------------------------------

def ber(tag, body):
    return bytes([tag, len(body)]) + body


def snmp_walk(to, steps):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for n in range(steps):
        oid = bytes([0x2B, 6, 1, 2, 1, 1, n + 1, 0])
        pdu = ber(0xA1, ber(2, bytes([n + 1])) + ber(2, b"\0") + ber(2, b"\0") + ber(0x30, ber(0x30, ber(6, oid) + b"\x05\0")))
        s.sendto(ber(0x30, ber(2, b"\1") + ber(4, b"public") + pdu), to)
        time.sleep(0.005)


def smb_server(ip, newer):
    """Answers a negotiation; layouts of MS-CIFS 2.2.4.52 and MS-SMB2 2.2.4."""
    old = b"\xffSMB\x72" + bytes(4) + b"\x98\x01\xc8" + bytes(20) + bytes([17]) + struct.pack("<HBHHIIIIQHB", 0, 3, 50, 1, 16644, 65536, 0, 0x8000E3FD, 0, 0, 0) + struct.pack("<H", 16) + b"g" * 16
    new = b"\xfeSMB" + struct.pack("<HHIHHIIQIIQ", 64, 0, 0, 0, 1, 1, 0, 0, 0xFEFF, 0, 0) + bytes(16)
    new += struct.pack("<HHHH", 65, 1, 0x0210, 0) + b"g" * 16 + struct.pack("<IIIIQQHHI", 1, 65536, 65536, 65536, 0, 0, 128, 0, 0)
    with socket.create_server((ip, 445)) as listening:
        while True:
            s, _ = listening.accept()
            if s.recv(4096):
                answer = new if newer else old
                s.sendall(struct.pack(">I", len(answer)) + answer)
            s.recv(100)
            s.close()


def smb_client(ip):
    dialects = b"\x02NT LM 0.12\0\x02SMB 2.002\0\x02SMB 2.???\0"
    ask = b"\xffSMB\x72" + bytes(4) + b"\x18\x53\xc8" + bytes(12) + b"\xff\xff" + struct.pack("<HHH", 1234, 0, 0) + b"\0" + struct.pack("<H", len(dialects)) + dialects
    with socket.create_connection((ip, 445)) as s:
        s.sendall(struct.pack(">I", len(ask)) + ask)
        s.recv(4096)


def raw(body, kind=0x0800):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(kind))
    s.bind(("eth0", kind))
    return s, s.getsockname()[4]


def udp_frame(source, sport, to, dport, data, own, to_mac):
    udp = struct.pack(">HHHH", sport, dport, 8 + len(data), 0) + data
    pseudo = socket.inet_aton(source) + socket.inet_aton(to) + struct.pack(">BBH", 0, 17, len(udp))
    udp = udp[:6] + struct.pack(">H", checksum(pseudo + udp)) + udp[8:]
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 7, 0, 64, 17, 0) + socket.inet_aton(source) + socket.inet_aton(to)
    ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
    return bytes.fromhex(to_mac.replace(":", "")) + own + b"\x08\x00" + ip + udp


def arp(addresses):
    s, own = raw(b"", 0x0806)
    for ip in addresses:
        a = socket.inet_aton(ip)
        s.send(b"\xff" * 6 + own + b"\x08\x06" + struct.pack(">HHBBH", 1, 0x0800, 6, 4, 2) + own + a + b"\xff" * 6 + a)
        time.sleep(0.05)


AARQ = bytes.fromhex((HERE / "ivue_aarq.hex").read_text().strip())
ABORT = bytes.fromhex("192e110103c129a080a0803080020101060251010000000061803080020101a080648080010100000000000000000000")


def associates(source, monitors, then=b""):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((source, 24106))
    for ip in monitors:
        s.sendto(AARQ, (ip, 24105))
        time.sleep(0.2)
        if then:
            s.sendto(then, (ip, 24105))


def forged_abort():
    s, own = raw(b"")
    s.send(udp_frame(CENTRAL, 24106, MONITOR, 24105, ABORT, own, mac_of(MONITOR)))


def indication(ip):
    with gzip.open(HERE / "ivue_indication.gz") as f:
        data = f.read()
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    s.bind((ip, 24005))
    s.sendto(data, ("10.81.255.255", 24005))


def dhcp_server(ip, folder):
    subprocess.run(["dnsmasq", "-k", "-p", "0", "--conf-file=/dev/null", f"--dhcp-range={ip.rsplit('.', 1)[0]}.200,{ip.rsplit('.', 1)[0]}.210,255.255.0.0,1h",
                    "--interface=eth0", "--bind-interfaces", f"--dhcp-leasefile={folder}/leases", "--user=root", "--dhcp-authoritative"])


def dhcp_client():
    s, own = raw(b"")
    options = b"\x63\x82\x53\x63" + b"\x35\x01\x01" + b"\x37\x03\x01\x03\x06" + b"\xff"
    bootp = struct.pack(">BBBBIHH", 1, 1, 6, 0, 0x51515151, 0, 0x8000) + bytes(16) + own + bytes(10) + bytes(192) + options
    udp = struct.pack(">HHHH", 68, 67, 8 + len(bootp), 0) + bootp
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 9, 0, 64, 17, 0) + bytes(4) + b"\xff" * 4
    ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
    s.send(b"\xff" * 6 + own + b"\x08\x00" + ip + udp)
    time.sleep(2.5)


def time_server(ip, ahead):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((ip, 123))
    while True:
        b, to = s.recvfrom(100)
        at = int((time.time() + 2208988800 + ahead) * 2**32)
        s.sendto(bytes([0x24, 2, 6, 0xEC]) + bytes(8) + b"LOCL" + struct.pack(">Q", at) + b[40:48] + struct.pack(">QQ", at, at), to)


def asks_the_time(to):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.sendto(b"\x23" + bytes(39) + struct.pack(">Q", int((time.time() + 2208988800) * 2**32)), (to, 123))
    s.settimeout(1)
    s.recv(100)


def name(text):
    return b"".join(bytes([len(p)]) + p.encode() for p in text.split(".")) + b"\0"


def names_answered(source, names):
    """LLMNR: somebody asks, the host answers that it is all of them."""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((source, 5355))
    for n, text in enumerate(names):
        q = name(text) + b"\0\1\0\1"
        s.sendto(struct.pack(">HHHHHH", n, 0x8000, 1, 1, 0, 0) + q + b"\xc0\x0c\0\1\0\1" + struct.pack(">IH", 30, 4) + socket.inet_aton(source), (EHR, 60000 + n))
        time.sleep(0.02)


def names_asked(to, names):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for n, text in enumerate(names):
        s.sendto(struct.pack(">HHHHHH", n, 0x100, 1, 0, 0, 0) + name(text) + b"\0\x10\0\1", (to, 53))
        time.sleep(0.01)


def knocks(to, times):
    for port in range(times):
        s = socket.socket()
        s.setblocking(False)
        s.connect_ex((to, 40000 + port % 3))
        s.close()


def network(lab):
    lab.on("gw", smb_server, GATEWAY, False)
    lab.on("dock", smb_server, DOCK, True)
    time.sleep(0.4)
    both(lab, smb_client, ("share-of-today", "ehr", (DOCK,)), ("share-of-old", "ehr", (GATEWAY,)))
    lab.mirror()
    lab.does("x", smb_client, DOCK)
    keep(lab, "share-of-a-device-by-a-stranger")
    both(lab, snmp_walk, ("twenty-objects-read", "x", ((DOCK, 161), 20)), ("walked-from-end-to-end", "x", ((DOCK, 161), 80)))
    # The same frames with the clock set back in their midst: by 0.4 s, which is disorder, and by 30 s.
    frames = list(labs_read(HERE / "walked-from-end-to-end.pcap.gz"))
    half = len(frames) // 2
    for title, back in (("clock-a-little-out-of-order", 0.4), ("clock-went-back", 30)):
        labs.write(HERE / f"{title}.pcap.gz", [(t - (back if n >= half else 0), b) for n, (t, b) in enumerate(frames)])
    both(lab, arp, ("two-addresses-one-station", "x", (["10.81.4.66", "10.81.4.67"],)), ("four-addresses-one-station", "x", (["10.81.4.66", MONITOR, CENTRAL, GATEWAY],)))
    for title, abort in (("association-ended-by-its-own-client", None), ("association-ended-by-another-station", forged_abort)):
        lab.mirror()
        lab.does("cen", associates, CENTRAL, [MONITOR], b"" if abort else ABORT)
        if abort:
            lab.does("x", abort)
        keep(lab, title)
    both(lab, associates, ("one-monitor-asked-and-left", "x", (INTRUDER, [MONITOR], ABORT)), ("two-monitors-asked-and-left", "x", (INTRUDER, [MONITOR, SECOND], ABORT)))
    both(lab, indication, ("monitor-announces-itself", "mon", (MONITOR,)), ("stranger-announces-itself-as-a-monitor", "x", (INTRUDER,)))
    with tempfile.TemporaryDirectory() as folder:
        for title, host, ip in (("addresses-from-the-server", "ehr", EHR), ("addresses-from-a-stranger", "x", INTRUDER)):
            server = lab.on(host, dhcp_server, ip, folder)
            time.sleep(0.5)
            lab.mirror()
            lab.does("ct", dhcp_client)
            keep(lab, title)
            sh(f"ip netns pids or-{host} | xargs -r kill", check=False)
            server.join()
    lab.on("ehr", time_server, EHR, 0)
    lab.on("x", time_server, INTRUDER, 86400)
    time.sleep(0.3)
    both(lab, asks_the_time, ("time-from-the-server", "ct", (EHR,)), ("time-from-a-stranger", "ct", (INTRUDER,)))
    both(lab, names_answered, ("one-name-answered", "x", (INTRUDER, ["printer1"])), ("four-names-answered", "x", (INTRUDER, ["pacs", "wpad", "fileserver", "dc1"])))
    import base64, random
    dice = random.Random(81)
    chunks = [base64.b32encode(dice.randbytes(34)).decode().strip("=").lower() + ".t.example" for _ in range(60)]
    both(lab, names_asked, ("ordinary-names-asked", "ct", (EHR, [f"host{n}.hospital.example" for n in range(60)])), ("names-that-carry-data", "ct", (EHR, chunks)))
    both(lab, knocks, ("a-few-closed-ports", "x", (DOCK, 40)), ("flood-of-attempts", "x", (DOCK, 1500)))


def labs_read(path):
    with tempfile.NamedTemporaryFile() as f, gzip.open(path) as z:
        f.write(z.read())
        f.flush()
        yield from labs.read(f.name)


PARTS = dict(commands=(commands, 1), dicom=(dicom, 1), hl7=(hl7, 10), web=(web, 1), network=(network, 1))

if __name__ == "__main__":
    for part in sys.argv[1:] or PARTS:
        program, stretch = PARTS[part]
        with Lab(stretch=stretch) as lab:
            for host, ip in HOSTS.items():
                lab.host(host, ip)
            lab.host("lines", *LINES).host("mon", MONITOR, SECOND)
            program(lab)
