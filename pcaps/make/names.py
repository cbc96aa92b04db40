#!/usr/bin/env python3
"""Names that hosts tell beside DNS: mDNS, LLMNR, NetBIOS name service, LLDP. Composed with scapy; no device made them.

    pip install scapy; python3 pcaps/make/names.py     (from the top of the repository)
"""
import struct

from scapy.all import (DNS, DNSQR, DNSRR, IP, UDP, Ether, NBNSQueryRequest, NBNSQueryResponse, NBNSHeader,
                       NBNS_ADD_ENTRY, DNSRRSRV, LLMNRQuery, LLMNRResponse, wrpcap)
from scapy.contrib.lldp import (LLDPDU, LLDPDUChassisID, LLDPDUEndOfLLDPDU, LLDPDUPortDescription, LLDPDUPortID,
                                LLDPDUSystemDescription, LLDPDUSystemName, LLDPDUTimeToLive)

MONITOR, PC = ("02:00:5e:41:00:31", "10.41.7.31"), ("02:00:5e:41:00:10", "10.41.7.10")


def save(path, packets):
    for n, packet in enumerate(packets):
        packet.time = 1796000000 + n * 0.25
    wrpcap(path, packets)


def to_group(host, mac, ip, port):
    return Ether(src=host[0], dst=mac) / IP(src=host[1], dst=ip, ttl=255) / UDP(sport=port, dport=port)


mdns = lambda host: to_group(host, "01:00:5e:00:00:fb", "224.0.0.251", 5353)
save("pcaps/mdns/monitor-announces-itself.pcap", [
    mdns(PC) / DNS(rd=0, qd=DNSQR(qname="_http._tcp.local.", qtype="PTR")),
    mdns(MONITOR) / DNS(id=0, qr=1, aa=1, rd=0, qd=None, an=[
        DNSRR(rrname="_http._tcp.local.", type="PTR", ttl=4500, rdata="bed7-monitor._http._tcp.local."),
        DNSRRSRV(rrname="bed7-monitor._http._tcp.local.", ttl=120, port=80, target="bed7-monitor.local."),
        DNSRR(rrname="bed7-monitor.local.", type="A", ttl=120, rdata=MONITOR[1]),
    ]),
])

llmnr = lambda: to_group(PC, "01:00:5e:00:00:fc", "224.0.0.252", 5355)
question = llmnr() / LLMNRQuery(id=7, qd=DNSQR(qname="bed7-monitor", qtype="A"))
question[UDP].sport = 50123
answer = Ether(src=MONITOR[0], dst=PC[0]) / IP(src=MONITOR[1], dst=PC[1]) / UDP(sport=5355, dport=50123) / LLMNRResponse(
    id=7, qr=1, qd=DNSQR(qname="bed7-monitor", qtype="A"), an=DNSRR(rrname="bed7-monitor", ttl=30, rdata=MONITOR[1]))
save("pcaps/llmnr/name-asked-and-answered.pcap", [question, answer])

ask = Ether(src=PC[0], dst="ff:ff:ff:ff:ff:ff") / IP(src=PC[1], dst="10.41.7.255") / UDP(sport=137, dport=137)
told = Ether(src=MONITOR[0], dst=PC[0]) / IP(src=MONITOR[1], dst=PC[1]) / UDP(sport=137, dport=137)
save("pcaps/nbns/name-asked-and-answered.pcap", [
    ask / NBNSHeader(NAME_TRN_ID=0x1234) / NBNSQueryRequest(QUESTION_NAME="BED7-MONITOR"),
    told / NBNSHeader(NAME_TRN_ID=0x1234) / NBNSQueryResponse(RR_NAME="BED7-MONITOR", ADDR_ENTRY=[
        NBNS_ADD_ENTRY(NB_ADDRESS=MONITOR[1])]),
])

save("pcaps/lldp/monitor-names-itself.pcap", [
    Ether(src=MONITOR[0], dst="01:80:c2:00:00:0e", type=0x88CC) / LLDPDU()
    / LLDPDUChassisID(subtype=4, id=MONITOR[0]) / LLDPDUPortID(subtype=5, id="eth0") / LLDPDUTimeToLive(ttl=120)
    / LLDPDUPortDescription(description="data") / LLDPDUSystemName(system_name="bed7-monitor")
    / LLDPDUSystemDescription(description="Patient monitor, firmware 4.2.1") / LLDPDUEndOfLLDPDU(),
])
