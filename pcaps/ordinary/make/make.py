"""Makes the captures of `pcaps/ordinary/`: `python3 make/make.py [SCENE ...]`. Each scene runs twice, once as on an
ordinary day and once with one attack hidden in it (NAME-attack). See ../README.md."""
import os, signal, socket, subprocess, sys, time
from lab import Lab, mac_of, sh
from programs import *

EHR, BCMA, CIS, ENGINE, LIS = "10.81.1.10", "10.81.1.11", "10.81.1.12", "10.81.1.15", "10.81.1.30"
GATEWAY, CENTRAL, MONITOR = "10.81.2.20", "10.81.1.40", "10.81.2.31"
PACS, RIS, CT, READING = "10.81.1.50", "10.81.1.51", "10.81.1.52", "10.81.1.53"
POLLER, LINE = "10.81.2.40", "10.81.3.1"
SCANNER, VENDOR, DOCK, INTRUDER = "10.81.1.70", "10.81.9.5", "10.81.2.60", "10.81.4.66"
OUTSIDE = "10.81.1.2"


def relayed_by_an_engine(attack):
    """Orders and results go through an interface engine, which sends the same bytes on to one receiver or two."""
    with Lab(stretch=20) as lab:
        for name, ip in dict(ehr=EHR, bcma=BCMA, cis=CIS, engine=ENGINE, lis=LIS, gw=GATEWAY, x=INTRUDER).items():
            lab.host(name, ip)
        def route(block):
            if b"RGV^O15" in block:
                return [(GATEWAY, 2575)]
            return [(EHR, 2575), (CIS, 2575)]
        for name, ip in dict(ehr=EHR, cis=CIS, gw=GATEWAY).items():
            lab.on(name, hl7_receiver, lab, ip, 2575)
        lab.on("engine", hl7_engine, lab, ENGINE, 2575, route)
        lab.mirror()
        first = infusion(lab.stamp(), 1, "ORD-E001", "12.5", control="RGE00001")
        a = lab.on("lis", hl7_sender, lab, (ENGINE, 2575), lambda n: result(lab.stamp(), n, f"LAB{n:04d}", 4.0 + n / 10), [15] * 10)
        lab.does("bcma", hl7_sender, lab, (ENGINE, 2575), lambda n: first if n == 0 else infusion(lab.stamp(), n, f"ORD-E{n + 1:03d}", f"{12 + n}.5", pump=f"PUMP-A{n + 1:04d}"), [25] * 5)
        if attack:
            lab.does("x", hl7_sender, lab, (GATEWAY, 2575), lambda n: first, [5])
        a.join()
        lab.keep("relayed-by-an-engine" + attack)


def before_and_after_a_router(attack):
    """One mirror shows both sides of a router: every frame of vital signs and orders stands there twice."""
    with Lab(stretch=1) as lab:
        lab.host("mon", "10.81.2.31", prefix=24, via="10.81.2.1").host("x", "10.81.2.66", prefix=24, via="10.81.2.1")
        lab.host("gw", GATEWAY, prefix=24, via="10.81.2.1")
        lab.host("cen", CENTRAL, segment="br1", prefix=24, via="10.81.1.1").host("bcma", BCMA, segment="br1", prefix=24, via="10.81.1.1")
        lab.host("rt", "10.81.2.1", prefix=24).host("rt", "10.81.1.1", segment="br1", prefix=24, device="eth1")
        sh("ip netns exec or-rt sysctl -qw net.ipv4.ip_forward=1")
        lab.on("gw", hl7_receiver, lab, GATEWAY, 2575)
        lab.mirror("br0", "br1")
        lab.on("mon", monitor, lab, MONITOR, "BED1", 40)
        lab.on("cen", central, lab, CENTRAL, MONITOR, 40)
        lab.on("bcma", hl7_sender, lab, (GATEWAY, 2575), lambda n: infusion(lab.stamp(), n, f"ORD-R{n:03d}", "25"), [5] * 5)
        lab.wait(16)
        if attack:
            lab.on("x", forged_vitals, lab, MONITOR, CENTRAL, mac_of("10.81.2.1"), 22)
        lab.wait(25)
        lab.keep("before-and-after-a-router" + attack)


def through_address_translation(attack):
    """The pump gateway's reports and bedside administration's orders cross a router that rewrites its address; the
    mirror shows both sides."""
    with Lab(stretch=4) as lab:
        lab.host("bcma", "10.81.6.11", prefix=24).host("x", "10.81.6.66", prefix=24)
        lab.host("gw", "10.81.7.20", segment="br1", prefix=24)
        lab.host("nat", "10.81.6.1", prefix=24).host("nat", "10.81.7.1", segment="br1", prefix=24, device="eth1")
        sh("ip netns exec or-nat ip addr flush dev eth0 && ip netns exec or-nat ip addr flush dev eth1")
        neighbours = {"10.81.6.11": mac_of("10.81.6.11"), "10.81.6.66": mac_of("10.81.6.66"), "10.81.7.20": mac_of("10.81.7.20")}
        for name, other in (("bcma", "10.81.7.20"), ("x", "10.81.7.20"), ("gw", "10.81.7.2")):
            side = "10.81.6.1" if name != "gw" else "10.81.7.1"
            sh(f"ip netns exec or-{name} ip route add 10.81.0.0/16 dev eth0", check=False)
            sh(f"ip netns exec or-{name} ip neigh replace {other} lladdr {mac_of(side)} dev eth0")
        lab.on("gw", hl7_receiver, lab, "10.81.7.20", 2575)
        lab.on("nat", translate, "10.81.6.11", "10.81.7.2", neighbours)
        lab.mirror("br0", "br1")
        lab.does("bcma", hl7_sender, lab, ("10.81.7.20", 2575), lambda n: infusion(lab.stamp(), n, f"ORD-N{n:03d}", f"{20 + n}"), [6] * 8)
        if attack:
            for p in lab.running[-2:-1]:
                p.kill()
                p.join()
            lab.on("nat", translate, "10.81.6.66", "10.81.7.2", neighbours)
            time.sleep(0.3)
            lab.does("x", hl7_sender, lab, ("10.81.7.20", 2575), lambda n: infusion(lab.stamp(), 3, "ORD-N003", "24"), [1])
        lab.keep("through-address-translation" + attack)


def queue_drains_after_a_downtime(attack):
    """The receiver is down for an hour; then everything that waited goes out at once: orders, cancellations, merges,
    admissions; some acknowledgements come late and those messages go twice."""
    with Lab(stretch=240) as lab:
        lab.host("ehr", EHR).host("lis", LIS).host("cis", CIS).host("x", INTRUDER)
        lab.mirror()
        lab.does("ehr", knock, (LIS, 2575), 60, 0.25)
        late = {7, 23}
        def answer(block, n):
            if n in late:
                time.sleep(0.35)
            return "AA"
        lab.on("lis", hl7_receiver, lab, LIS, 2575, answer)
        lab.on("cis", hl7_receiver, lab, CIS, 2575)
        def queued(n):
            # What was written during the hour carries its own time.
            at = lab.stamp(-3600 + n * 50)
            if n % 9 == 8:
                return lab_order(at, n, f"Q{n:04d}", "CA")
            return lab_order(at, n, f"Q{n:04d}")
        time.sleep(0.5)
        lab.on("ehr", hl7_sender, lab, (CIS, 2575), lambda n: merge(lab.stamp(-3600 + n * 900), n, n + 50) if n % 3 == 0 else admission(lab.stamp(-3600 + n * 300), "A08", n), [0] * 12)
        e = lab.on("ehr", hl7_sender, lab, (LIS, 2575), queued, [0] * 70, None, 0.25)
        if attack:
            time.sleep(0.2)
            lab.does("x", hl7_sender, lab, (LIS, 2575), lambda n: lab_order(lab.stamp(), n, f"Q{n:04d}", "DC"), [0] * 14)
        e.join()
        lab.keep("queue-drains-after-a-downtime" + attack)


def gateway_polls_many_of_which_most_are_off(attack):
    """Sixty addresses in a gateway's list; twenty answer, the beds of the others are not in use."""
    with Lab(stretch=15) as lab:
        addresses = [f"10.81.3.{n}" for n in range(1, 61)]
        lab.host("lines", *addresses[::3]).host("poll", POLLER).host("x", INTRUDER)
        for name in ("poll", "x"):
            for ip in addresses:
                mac = mac_of(addresses[0]) if ip in addresses[::3] else mac_of(ip)
                sh(f"ip netns exec or-{name} ip neigh add {ip} lladdr {mac} dev eth0")
        for ip in addresses[::3]:
            lab.on("lines", pump, ip, 4001, f"8002-9{int(ip.split('.')[3]):04d}")
        lab.mirror()
        p = lab.on("poll", poll_many, addresses, 4001, 4, 2, POLLER)
        if attack:
            time.sleep(3)
            lab.does("x", scan, addresses[:20], [4001])
        p.join()
        lab.keep("gateway-polls-many-of-which-most-are-off" + attack)


def monitor_unplugged_and_back(attack):
    """A monitor sends to its central station, is unplugged for the way to the X-ray, and comes back."""
    with Lab(stretch=20) as lab:
        lab.host("mon", MONITOR).host("cen", CENTRAL).host("x", INTRUDER)
        lab.mirror()
        lab.on("cen", central, lab, CENTRAL, MONITOR, 560)
        lab.does("mon", monitor, lab, MONITOR, "BED1", 180)
        sh("ip netns exec or-mon ip link set eth0 down")
        if attack:
            lab.on("x", forged_vitals, lab, MONITOR, CENTRAL, mac_of(CENTRAL), 300, 44)
        lab.wait(170)
        sh("ip netns exec or-mon ip link set eth0 up")
        sh(f"ip netns exec or-mon arping -q -c 2 -w 1 -U -S {MONITOR} -i eth0 {MONITOR}", check=False)
        lab.does("mon", monitor, lab, MONITOR, "BED1", 180)
        lab.keep("monitor-unplugged-and-back" + attack)


def titrated_drip(attack):
    """A vasoactive drug is raised step by step, twice it is halved; the pump is started at a fraction of the later rate.
    On the same evening another pump is titrated by orders."""
    with Lab(stretch=90) as lab:
        lab.host("ctl", POLLER).host("line", LINE).host("bcma", BCMA).host("gw", GATEWAY).host("cis", CIS)
        lab.on("line", pump, LINE, 4001, "8002-91001", 0.0)
        lab.on("gw", hl7_receiver, lab, GATEWAY, 2575)
        lab.on("cis", hl7_receiver, lab, CIS, 2575)
        lab.mirror()
        steps = [0.5, 1, 2, 4, 7.5, 12, 20, 30, 15, 20, 10, 5, 2, 1]
        def control():
            line = PumpLine((LINE, 4001))
            line.control()
            line.ask("INF_START")
            for n, rate in enumerate(steps):
                line.rate(rate)
                for _ in range(6):
                    line.ask("INF")
                    lab.wait(30)
                if attack and n == 7:
                    line.rate(300)
                    lab.wait(60)
        c = lab.on("ctl", control)
        lab.on("bcma", hl7_sender, lab, (GATEWAY, 2575), lambda n: infusion(lab.stamp(), 4, "ORD-T001", f"{steps[n]:g}", "3616^Noradrenaline", control=f"RGT{n:05d}"), [190] * 13)
        lab.on("gw", hl7_sender, lab, (CIS, 2575), lambda n: infusing(lab.stamp(), 4, "PUMP-A0001", steps[min(n * 60 // 190, 13)], "Noradrenaline"), [60] * 40)
        c.join()
        lab.keep("titrated-drip" + attack)


def secondary_infusion_and_return(attack):
    """A short infusion of another drug is put before the running one, which goes on afterwards."""
    with Lab(stretch=120) as lab:
        lab.host("bcma", BCMA).host("gw", GATEWAY).host("cis", CIS)
        lab.on("gw", hl7_receiver, lab, GATEWAY, 2575)
        lab.on("cis", hl7_receiver, lab, CIS, 2575)
        lab.mirror()
        rates = [20] * 4 + [200] * 6 + [20] * 6
        drugs = ["Normal Saline"] * 4 + ["Vancomycin"] * 6 + ["Normal Saline"] * 6
        g = lab.on("gw", hl7_sender, lab, (CIS, 2575), lambda n: infusing(lab.stamp(), 5, "PUMP-A0007", rates[n], drugs[n]), [300] * 16)
        pump7 = dict(pump="PUMP-A0007")
        orders = [("ORD-S001", "20", "5678^Normal Saline", "1000"), ("ORD-S002", "200", "1664986^Vancomycin", "250"), ("ORD-S001", "20", "5678^Normal Saline", "900")]
        def order(n):
            o, rate, drug, vtbi = orders[n]
            return infusion(lab.stamp(), 5, o, rate, drug, vtbi=vtbi, parent="ORD-S001" if n == 1 else "", **pump7)
        lab.does("bcma", hl7_sender, lab, (GATEWAY, 2575), order, [1200, 1750, 60])
        if attack:
            unit = "265234^MDC_DIM_MILLI_L_PER_MIN^MDC^mL/min^mL/min^UCUM"
            lab.does("bcma", hl7_sender, lab, (GATEWAY, 2575), lambda n: infusion(lab.stamp(), 5, "ORD-S001", "20", unit=unit, vtbi="880", **pump7), [5])
        g.join()
        lab.keep("secondary-infusion-and-return" + attack)


def worklist_and_reading_list(attack):
    """A modality asks for the whole worklist without a date; a reading station for a list that 1,500 studies match."""
    with Lab(stretch=1) as lab:
        lab.host("pacs", PACS).host("ris", RIS).host("ct", CT).host("read", READING)
        lab.on("pacs", archive, PACS, 11112, "PACSMAIN", 1500)
        lab.on("ris", archive, RIS, 11112, "RISMWL", 20)
        time.sleep(3)
        lab.mirror()
        step = dataset(ScheduledStationAETitle="", ScheduledProcedureStepStartDate="", Modality="", ScheduledProcedureStepID="")
        worklist = dataset(PatientName="", PatientID="", AccessionNumber="", ScheduledProcedureStepSequence=[step])
        lab.does("ct", ask_archive, (RIS, 11112), "CT1", "RISMWL", ("worklist", worklist))
        keys = dict(QueryRetrieveLevel="STUDY", PatientID="", AccessionNumber="", StudyInstanceUID="")
        lab.does("read", ask_archive, (PACS, 11112), "READ1", "PACSMAIN", ("studies", dataset(StudyDate="20261101-20261117", **keys)))
        if attack:
            lab.does("ct", ask_archive, (PACS, 11112), "CT1", "PACSMAIN", ("studies", dataset(StudyDate="", PatientName="*", **keys)))
        lab.keep("worklist-and-reading-list" + attack)


def listed_scanner(attack):
    """The site's vulnerability scanner works through three devices: ports, web pages, DICOM echo."""
    with Lab(stretch=5) as lab:
        lab.host("dock", DOCK).host("pacs", PACS).host("gw", GATEWAY).host("scan", SCANNER).host("x", INTRUDER)
        lab.on("dock", web_page, DOCK)
        for ip, name in ((PACS, "pacs"), (GATEWAY, "gw"), (DOCK, "dock")):
            lab.on(name, archive, ip, 11112, "ANY", 1)
        for name in ("scan", "x"):
            for n in range(100, 112):
                sh(f"ip netns exec or-{name} ip neigh add 10.81.2.{n} lladdr {mac_of(f'10.81.2.{n}')} dev eth0")
        time.sleep(3)
        lab.mirror()
        targets = [DOCK, PACS, GATEWAY]
        agent = "Mozilla/5.0 (compatible; Nmap Scripting Engine; https://nmap.org/book/nse.html)"
        def work():
            scan(targets, [21, 22, 23, 25, 80, 102, 104, 111, 135, 139, 389, 443, 445, 502, 1433, 2575, 3389, 4001, 5900, 8080, 9100, 11112])
            scan([f"10.81.2.{n}" for n in range(100, 112)], [443])
            web_requests((DOCK, 80), agent, ["/", "/robots.txt", "/HNAP1"])
            echo(targets, 11112, "ECHOSCU", "ANY-SCP")
        lab.does("scan", work)
        if attack:
            lab.does("x", scan, [GATEWAY], [21, 22, 23, 80, 104, 443, 445, 1433, 2575, 2576, 3000, 3001, 3389, 5900, 6661, 8080, 8443, 9100, 11112])
        lab.keep("listed-scanner" + attack)


def vendor_session_in_its_window(attack):
    """Tuesday morning, the hours of the service contract: the vendor opens a shell on a gateway, reads its page and sends
    an update. The attack: the same host, the same update, on Tuesday night."""
    with Lab(stretch=4, begin="2026-11-17 20:10:00" if attack else "2026-11-17 07:10:00") as lab:
        lab.host("dock", DOCK).host("vendor", VENDOR)
        folder = "/tmp/or-ssh"
        sh(f"rm -rf {folder}; mkdir -m 700 {folder}; ssh-keygen -q -t ed25519 -N '' -f {folder}/host; ssh-keygen -q -t ed25519 -N '' -f {folder}/user; mkdir -p /run/sshd")
        lab.on("dock", ssh_server, folder, DOCK)
        lab.on("dock", web_page, DOCK)
        time.sleep(1)
        lab.mirror()
        lab.does("vendor", ssh_client, folder, DOCK)
        lab.does("vendor", web_requests, (DOCK, 80), "Mozilla/5.0", ["/", "/status"])
        package = b"MSCF" + bytes(4) + (4096).to_bytes(4, "little") + bytes(4084)
        lab.does("vendor", web_requests, (DOCK, 80), "Mozilla/5.0", ["/update/firmware.cab"], "POST", package)
        lab.does("vendor", web_requests, (DOCK, 80), "Mozilla/5.0", ["/status"])
        lab.keep("vendor-session-in-its-window" + attack)
        for p in lab.running:
            p.terminate()
        sh(f"rm -rf {folder}")


def one_direction_only(attack):
    """The mirror copies what goes to the devices and not what comes back."""
    with Lab(stretch=10) as lab:
        lab.host("bcma", BCMA).host("gw", GATEWAY).host("cis", CIS).host("poll", POLLER).host("line", LINE).host("x", INTRUDER)
        lab.on("gw", hl7_receiver, lab, GATEWAY, 2575)
        lab.on("line", pump, LINE, 4001)
        lab.mirror("br0", only=f"'dst net 10.81.2.0/24 or dst net 10.81.3.0/24 or arp'")
        def poll():
            line = PumpLine((LINE, 4001))
            for _ in range(10):
                line.ask("INF")
                lab.wait(5)
        p = lab.on("poll", poll)
        lab.does("bcma", hl7_sender, lab, (GATEWAY, 2575), lambda n: infusion(lab.stamp(), n, f"ORD-O{n:03d}", "40"), [8] * 6)
        if attack:
            lab.does("x", hl7_sender, lab, (GATEWAY, 2575), lambda n: infusion(lab.stamp(), 2, "ORD-O002", "80"), [1])
        p.join()
        lab.keep("one-direction-only" + attack)


def idle_sessions(attack):
    """An engine keeps sessions open that nothing needs for long; some are closed again unused. The attack: a stranger
    opens sessions to the archive and leaves them there."""
    with Lab(stretch=120) as lab:
        lab.host("engine", ENGINE).host("ehr", EHR).host("pacs", PACS).host("x", INTRUDER)
        lab.on("ehr", hl7_receiver, lab, EHR, 2575)
        lab.on("pacs", archive, PACS, 11112, "PACSMAIN", 1)
        time.sleep(3)
        lab.mirror()
        def idle(to, sessions, seconds, one_speaks):
            open_ones = [socket.create_connection(to) for _ in range(sessions)]
            if one_speaks:
                send(open_ones[0], result(lab.stamp(), 3, "LAB0003", 4.1))
                receive(open_ones[0])
            lab.wait(seconds)
            for s in open_ones:
                s.close()
        i = lab.on("engine", idle, (EHR, 2575), 8, 2400, True)
        if attack:
            lab.does("x", idle, (PACS, 11112), 8, 1200, False)
        i.join()
        lab.keep("idle-sessions" + attack)


SCENES = [relayed_by_an_engine, before_and_after_a_router, through_address_translation, queue_drains_after_a_downtime,
          gateway_polls_many_of_which_most_are_off, monitor_unplugged_and_back, titrated_drip, secondary_infusion_and_return,
          worklist_and_reading_list, listed_scanner, vendor_session_in_its_window, one_direction_only, idle_sessions]

if __name__ == "__main__":
    wanted = [w.replace("-", "_") for w in sys.argv[1:]]
    for scene in SCENES:
        if not wanted or scene.__name__ in wanted:
            scene("")
            scene("-attack")
