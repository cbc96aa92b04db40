#!/usr/bin/env python3
"""Writes uid_table.rs and dictionary_table.rs into a folder (dissectors/src/dicom).

    make_tables.py FOLDER

Needs pydicom 3 (MIT licence), whose dictionaries hold the registries of PS3.6.
"""
import pathlib
import sys

from pydicom._uid_dict import UID_dictionary
from pydicom.datadict import dictionary_VR, keyword_for_tag

KINDS = ("SOP Class", "Meta SOP Class", "Transfer Syntax")

# Elements that fields, actions and queries need, and the sequences around them.
TAGS = """
00020000 00020002 00020003 00020010 00020012 00020013 00020016
00080005 00080008 00080016 00080018 00080020 00080021 00080022 00080023 00080030 00080031 00080032 00080033 00080050
00080052 00080053 00080054 00080056 00080058 00080060 00080061 00080062 00080064 00080070 00080080 00080081 00080090
00080100 00080102 00080104 00080201 00081010 00081030 0008103E 00081040 00081048 00081050 00081060 00081070 00081090
00081110 00081111 00081115 00081140 00081150 00081155 00081195 00081197 00081198 00081199 00082112
00100010 00100020 00100021 00100022 00100030 00100032 00100040 00101000 00101001 00101002 00101010 00101020 00101030
00101040 00101060 00102154 00102160 001021B0 00104000
00180015 00181000 00181020 00181030 00181200 0018700A
0020000D 0020000E 00200010 00200011 00200013 00200052 00201206 00201208 00280010 00280011
00321032 00321060 00324000 00380010 00380060 00380300
00400001 00400002 00400003 00400004 00400005 00400006 00400007 00400009 00400010 00400011 00400020 00400100 00400241
00400242 00400244 00400245 00400250 00400251 00400252 00400253 00400254 00400270 00400275 00400340 00401001 00401002
00401400 00402016 00402017 00404005 00404010 00404018 00404021 00404025 00404026 00404027 00404041 0040A043 0040A124
0040A168 0040A370 0040A372 0040A375 0040A504 0040A730 0040E020
00420010 00420011 00420012
00741000 00741002 00741004 0074100C 0074100E 00741030 00741048 00741200 00741202 00741204 00741210 00741216 00741224
00741234 00741236
00880200 20000010 20000020 20000030 20100010 20100510 20200110 20200111 21000010 21000020 21000030 21100010 21100020
21100030
300A0002 300A0003 300A0004 300A0006 300A000C 300A000E 300A0010 300A0070 300A00B0 300A03A2 300C0002 300C0080
7FE00001 7FE00008 7FE00009 7FE00010
""".split()

SOURCE = "//! Written by `pcaps/dicom/make_tables.py` from pydicom 3.0.2's copy of that registry.\n"


def uid_table():
    rows = [(uid, entry[0]) for uid, entry in UID_dictionary.items() if entry[1] in KINDS]
    rows = [(uid, name.replace(" (Retired)", "").replace('"', '\\"')) for uid, name in rows if not name.startswith("(Retired")]
    rows.sort(key=lambda row: row[0].encode())
    yield "//! Names of SOP classes and transfer syntaxes (PS3.6 Annex A, table A-1), sorted by UID.\n//!\n" + SOURCE
    yield '\n/// UID and name.\n#[rustfmt::skip]\npub const NAMES: &[(&str, &str)] = &[\n'
    for uid, name in rows:
        yield f'    ("{uid}", "{name}"),\n'
    yield "];\n"


def dictionary_table():
    yield "//! Data elements that are read by name (PS3.6 table 6-1), sorted by tag.\n//!\n" + SOURCE
    yield "\n/// Tag, VR and keyword. Where the registry gives several VRs the first stands.\n#[rustfmt::skip]\n"
    yield "pub const ELEMENTS: &[(u32, [u8; 2], &str)] = &[\n"
    for tag in sorted(set(TAGS)):
        number = int(tag, 16)
        vr = dictionary_VR(number).split(" ")[0]
        yield f'    (0x{tag[:4]}_{tag[4:]}, *b"{vr}", "{keyword_for_tag(number)}"),\n'
    yield "];\n"


folder = pathlib.Path(sys.argv[1])
(folder / "uid_table.rs").write_text("".join(uid_table()))
(folder / "dictionary_table.rs").write_text("".join(dictionary_table()))
