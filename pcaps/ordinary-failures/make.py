"""Makes the captures of this folder: real programs in two network namespaces, one capture a failure.

Needs root, iproute2, tcpdump and pynetdicom (`pip install pynetdicom`). Nothing leaves the namespaces.
Run it as `python3 make.py`; it calls itself inside the namespaces as `python3 make.py ROLE SCENE`.
All patients are invented.
"""
import pathlib, signal, socket, struct, subprocess, sys, time

HERE = pathlib.Path(__file__).resolve().parent
ASKER, SERVER, NOBODY = "10.73.1.21", "10.73.1.10", "10.73.1.99"
DICOM, MLLP = 11112, 2575
SCENES = [
    "no-answer-to-syn", "nothing-listens", "called-title-in-wrong-case", "calling-title-not-known",
    "storage-class-refused", "storage-out-of-resources", "query-without-match", "move-destination-unknown",
    "order-answered-with-error", "order-unanswered-and-resent", "reset-after-request",
]


def sh(command, check=True):
    return subprocess.run(command, shell=True, check=check, capture_output=True, text=True)


# --- the DICOM server and what is asked of it ----------------------------------------------------

def dataset(**values):
    from pydicom.dataset import Dataset
    ds = Dataset()
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return ds


def dicom_server(scene):
    from pynetdicom import AE, evt
    from pynetdicom.sop_class import (CTImageStorage, StudyRootQueryRetrieveInformationModelFind,
                                      StudyRootQueryRetrieveInformationModelMove, Verification)
    ae = AE(ae_title="PACSMAIN")
    ae.add_supported_context(Verification)
    ae.require_called_aet = scene == "called-title-in-wrong-case"
    if scene == "calling-title-not-known":
        ae.require_calling_aet = ["CT1", "CT2"]
    if scene != "storage-class-refused":
        ae.add_supported_context(CTImageStorage)
        ae.add_supported_context(StudyRootQueryRetrieveInformationModelFind)
        ae.add_supported_context(StudyRootQueryRetrieveInformationModelMove)

    def find(event):
        if event.identifier.get("PatientID") == "T90007":
            for n in range(2):
                yield 0xFF00, dataset(QueryRetrieveLevel="STUDY", PatientID="T90007", StudyInstanceUID=f"1.2.826.0.1.3680043.9.1.{n}")

    handlers = [
        (evt.EVT_C_ECHO, lambda event: 0x0000),
        (evt.EVT_C_STORE, lambda event: 0xA700),
        (evt.EVT_C_FIND, find),
        # An unknown destination: pynetdicom answers 0xA801.
        (evt.EVT_C_MOVE, lambda event: iter([(None, None)])),
    ]
    ae.start_server((SERVER, DICOM), evt_handlers=handlers)


def dicom_asker(scene):
    from pynetdicom import AE
    from pynetdicom.sop_class import (CTImageStorage, MRImageStorage, StudyRootQueryRetrieveInformationModelFind,
                                      StudyRootQueryRetrieveInformationModelMove, Verification)
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid
    called = {"called-title-in-wrong-case": "PacsMain"}.get(scene, "PACSMAIN")
    calling = {"calling-title-not-known": "CT3"}.get(scene, "CT1")

    def associate(title, *classes):
        ae = AE(ae_title=calling)
        for c in classes:
            ae.add_requested_context(c)
        return ae.associate(SERVER, DICOM, ae_title=title)

    if scene in ("called-title-in-wrong-case", "calling-title-not-known"):
        if scene == "called-title-in-wrong-case":
            ok = associate("PACSMAIN", Verification)
            ok.send_c_echo()
            ok.release()
        associate(called, Verification)
    elif scene == "storage-class-refused":
        a = associate(called, CTImageStorage, MRImageStorage)
        if a.is_established:
            a.release()
    elif scene == "storage-out-of-resources":
        a = associate(called, CTImageStorage)
        ds = dataset(SOPClassUID=CTImageStorage, SOPInstanceUID="1.2.826.0.1.3680043.9.7.1", PatientID="T90007",
                     PatientName="NOBODY^EXAMPLE", StudyInstanceUID="1.2.826.0.1.3680043.9.7", Modality="CT")
        from pydicom.dataset import FileMetaDataset
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2"
        a.send_c_store(ds)
        a.release()
    elif scene == "query-without-match":
        a = associate(called, StudyRootQueryRetrieveInformationModelFind)
        for patient in ("T90007", "T90008"):
            keys = dataset(QueryRetrieveLevel="STUDY", PatientID=patient, StudyInstanceUID="")
            if patient == "T90008":
                keys.ModalitiesInStudy = "CT"
            list(a.send_c_find(keys, StudyRootQueryRetrieveInformationModelFind))
        a.release()
    elif scene == "move-destination-unknown":
        a = associate(called, StudyRootQueryRetrieveInformationModelMove)
        keys = dataset(QueryRetrieveLevel="STUDY", StudyInstanceUID="1.2.826.0.1.3680043.9.1.0")
        list(a.send_c_move(keys, "WORKST7", StudyRootQueryRetrieveInformationModelMove))
        a.release()
    else:
        associate(called, Verification)


# --- HL7 over MLLP -------------------------------------------------------------------------------

ORDER = "\r".join([
    "MSH|^~\\&|BCMA|HOSP|PUMPGW|ICU|20261124204152||RGV^O15^RGV_O15|MSG00017|P|2.6|||AL|AL",
    "PID|1||T90007^^^HOSP^MR||NOBODY^EXAMPLE||19500101|F",
    "ORC|RE|ORD00017",
    "RXG|1|||5678^DOPAMINE|500||mL^mL^UCUM||||||||120|mL/h^mL/h^UCUM",
    "OBX|1||69986^MDC_DEV_PUMP_INFUS_VMD^MDC|1.1.0.0|||||||X|||||||PUMP-A0077", ""])
REFUSAL = "\r".join([
    "MSH|^~\\&|PUMPGW|ICU|BCMA|HOSP|20261124204153||ACK^O15^ACK|A00017|P|2.6",
    "MSA|AE|MSG00017|Unknown device PUMP-A0077 for patient T90007",
    "ERR||OBX^1^18|204^Unknown key identifier^HL70357|E|9010^device not known^WARD", ""])


def block(text):
    return b"\x0b" + text.encode() + b"\x1c\r"


def mllp_server(scene):
    with socket.create_server((SERVER, MLLP)) as listening:
        peer, _ = listening.accept()
        data = b""
        while not data.endswith(b"\x1c\r"):
            data += peer.recv(65536)
        if scene == "order-answered-with-error":
            peer.sendall(block(REFUSAL))
        while peer.recv(65536):
            pass
        peer.close()


def mllp_asker(scene):
    with socket.create_connection((SERVER, MLLP)) as s:
        s.settimeout(2)
        for _ in range(1 if scene == "order-answered-with-error" else 3):
            s.sendall(block(ORDER))
            try:
                s.recv(65536)
            except TimeoutError:
                pass


# --- TCP ------------------------------------------------------------------------------------------

def resetting_server():
    with socket.create_server((SERVER, DICOM)) as listening:
        peer, _ = listening.accept()
        peer.recv(65536)
        # Closing with nothing lingering sends RST, as a program that dies does with unread data.
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()


def knock(host):
    s = socket.socket()
    s.settimeout(6)
    try:
        s.connect((host, DICOM))
    except OSError:
        pass


def role(which, scene):
    if scene.startswith("order-"):
        (mllp_server if which == "server" else mllp_asker)(scene)
    elif scene in ("no-answer-to-syn", "nothing-listens"):
        if which == "asker":
            knock(NOBODY if scene == "no-answer-to-syn" else SERVER)
    elif scene == "reset-after-request" and which == "server":
        resetting_server()
    else:
        (dicom_server if which == "server" else dicom_asker)(scene)


def main():
    for ns in ("of-asker", "of-server"):
        sh(f"ip netns del {ns}", check=False)
    sh("ip netns add of-asker && ip netns add of-server")
    sh("ip link add eth0 netns of-asker type veth peer name eth0 netns of-server")
    for ns, ip in (("of-asker", ASKER), ("of-server", SERVER)):
        run = f"ip netns exec {ns}"
        mac = "02:00:5e:73:01:" + "%02x" % int(ip.split(".")[3])
        sh(f"{run} sysctl -qw net.ipv6.conf.all.disable_ipv6=1", check=False)
        sh(f"{run} ip link set eth0 address {mac} && {run} ip addr add {ip}/24 dev eth0")
        sh(f"{run} ethtool -K eth0 tso off gso off gro off tx off rx off", check=False)
        sh(f"{run} ip link set eth0 up && {run} ip link set lo up")
    sh(f"ip netns exec of-asker ip neigh add {NOBODY} lladdr 02:00:5e:73:01:63 dev eth0")
    python = f"{sys.executable} {HERE / 'make.py'}"
    for scene in sys.argv[1:] or SCENES:
        path = HERE / f"{scene}.pcap"
        dump = subprocess.Popen(f"exec ip netns exec of-asker tcpdump -i eth0 -U --immediate-mode -n -s 0 -Z root -w {path} tcp",
                                shell=True, stderr=subprocess.PIPE, text=True)
        while "listening" not in dump.stderr.readline():
            pass
        server = subprocess.Popen(f"exec ip netns exec of-server {python} server {scene}", shell=True)
        time.sleep(2)
        sh(f"ip netns exec of-asker {python} asker {scene}")
        time.sleep(1)
        server.kill()
        server.wait()
        dump.send_signal(signal.SIGINT)
        dump.wait()
        print(path.name)
    sh("ip netns del of-asker && ip netns del of-server")


if __name__ == "__main__":
    if sys.argv[1:2] in (["server"], ["asker"]):
        role(sys.argv[1], sys.argv[2])
    else:
        main()
