#!/usr/bin/env python3
"""Makes oui.tsv from the IEEE's public listing: makers of medical devices, and of what stands beside them.

    make_oui.py /usr/share/ieee-data/oui.csv > oui.tsv

The listing is in the public domain (standards.ieee.org, registration authority).
"""
import csv, re, sys

MEDICAL = """philips (medical|patient|oncology|healthcare|personal|respironics)|hewlett.packard.*medical|agilent|ge medical|ge healthcare|
marquette|datex|drager|draeger|dr.ger|siemens.*(health|medical|ultrasound)|acuson|carefusion|becton|alaris|b\\.? ?braun|baxter|hospira|
fresenius|smiths medical|icu medical|abbott|roche|medtronic|covidien|nellcor|masimo|mindray|nihon kohden|spacelabs|welch ?allyn|hill.?rom|
hillrom|maquet|getinge|hamilton medical|resmed|zoll|stryker|boston scientific|st\\.? jude|edwards lifesciences|fukuda|omron health|contec|
edan|comen|criticare|capsule tech|bernoulli|nuvon|ivenix|zyno|arcomed|carestream|fujifilm|fuji ?film|canon medical|toshiba medical|hologic|
varian|elekta|accuray|sysmex|beckman|ortho.clinical|radiometer|nova biomedical|instrumentation laboratory|cepheid|hitachi med|shimadzu|
esaote|samsung medison|medison|sonosite|barco|eizo|agfa|konica minolta med|gambro|nxstage|terumo|nipro|ascom|rauland|nonin|invivo|
cardiac science|physio.control|schiller|mortara|natus|respironics|vyaire|viasys|puritan|sorin|livanova|cerner|epic systems|draeger|bionet|
mediana|guangdong biolight|biolight|lutech|infinium|analogic|intuitive surgical|karl storz|olympus med|steris|omnicell|pyxis|swisslog|
medrad|guerbet|bayer|bracco|ivy biomedical|oridion|aspect medical|smith.*nephew|tosoh|biomerieux|diasorin|siemens healthineers"""
BESIDE = """cisco systems|juniper|arista|hewlett packard(?!.*medical)|aruba|hp inc|dell|vmware|intel corp|super micro|lenovo|ibm|oracle|microsoft|
apple|samsung electronics|raspberry|pcs systemtechnik|xensource|red hat|broadcom|realtek|silex|lantronix|moxa|digi international|perle|
b&b electronics|advantech|kontron|siemens ag|schneider electric|beckhoff|wago|phoenix contact|hirschmann|zebra|honeywell|symbol tech|
motorola solutions|laird|summit data|murata|texas instruments|espressif|nvidia|mellanox|fortinet|palo alto|check ?point|extreme networks|
brocade|ubiquiti|netgear|tp-link|d-link|zyxel|mikrotik|ruckus|meraki|synology|qnap|netapp|brother|canon inc|ricoh|xerox|lexmark|
kyocera|epson|fujitsu|nec corp|asustek|giga-byte|msi|acer|panasonic|sony|lg electronics|huawei|zte|axis comm|hikvision|dahua|
grandstream|yealink|polycom|avaya|mitel|apc|american power|eaton|vertiv|raritan|avocent|digital equipment|sun micro|cradlepoint|sierra wireless|
ezurio|gainspan|redpine|connectone|nordic semi|u-blox|quectel|telit|wyse|igel|ncomputing|elo touch"""


def main():
    medical, beside = (re.compile(t.replace("\n", ""), re.I) for t in (MEDICAL, BESIDE))
    kept, counts = {}, {}
    with open(sys.argv[1], newline="", encoding="utf-8", errors="replace") as f:
        rows = sorted(csv.reader(f), key=lambda r: r[1])
    for registry, prefix, name, *_ in rows:
        if registry != "MA-L" or not re.fullmatch("[0-9A-F]{6}", prefix):
            continue
        name = re.sub(r"\s+", " ", name).strip(" ,.")
        if medical.search(name):
            kept[prefix] = name
        elif beside.match(name):
            # A few of each of the large ones name the host; all of them would fill the program.
            counts[name] = counts.get(name, 0) + 1
            if counts[name] <= 60:
                kept[prefix] = name
    print("# Prefix and organisation, from the IEEE's public listing (public domain). Made by make_oui.py.")
    for prefix, name in sorted(kept.items()):
        print(f"{prefix}\t{name}")


main()
