"""Makes the captures of how SMB, RDP, VNC and a LifeCare pump's habitual port begin: first messages composed from the
published layouts (MS-SMB2 2.2, MS-RDPBCGR 2.2.1, RFC 6143 7.1).

    python3 pcaps/make/remote-access.py          (from the top of the tree)
"""
import importlib.util, pathlib, struct

HERE = pathlib.Path(__file__).parent
spec = importlib.util.spec_from_file_location("serial_devices", HERE / "serial-devices.py")
serial = importlib.util.module_from_spec(spec)
spec.loader.exec_module(serial)
Capture, HOST, DEVICE = serial.Capture, serial.HOST, serial.DEVICE


def smb():
    def message(command, number, body, answer=False, status=0, session=0, tree=0):
        head = struct.pack("<4sHHIHHIIQIIQ16s", b"\xfeSMB", 64, 1, status, command, 1, int(answer), 0, number, 0xFEFF, tree,
                           session, bytes(16))
        return struct.pack(">I", len(head) + len(body)) + head + body

    wide = lambda text: text.encode("utf-16-le")
    named = lambda body, at, name: body[:at] + struct.pack("<HH", 64 + len(body), len(name)) + body[at + 4:] + name
    ntlm = b"NTLMSSP\0" + struct.pack("<II", 1, 0xE2088297) + bytes(16)
    offer = struct.pack("<HHHHI16sQ", 36, 3, 1, 0, 0x7F, bytes(range(16)), 0) + struct.pack("<HHH", 0x0202, 0x0210, 0x0302)
    chosen = struct.pack("<HHHH16sIIIIQQHHI", 65, 1, 0x0302, 0, bytes(range(16)), 7, 1 << 20, 1 << 20, 1 << 20, 0, 0, 128, 0, 0)
    setup = struct.pack("<HBBIIHHQ", 25, 0, 1, 0, 0, 88, len(ntlm), 0) + ntlm
    share = wide(r"\\10.62.7.20\ADMIN$")
    pipe = wide("svcctl")
    create = bytearray(56)
    struct.pack_into("<H", create, 0, 57)
    c = Capture("smb/guest-log-in-and-remote-services", "smb", "10.62.7.99", "10.62.7.20", 445)
    c.say(HOST, message(0, 0, offer), ("NEGOTIATE-request", {"dialect": "3.0.2"}))
    c.say(DEVICE, message(0, 0, chosen, True), ("NEGOTIATE-response", {"version": "3.0.2"}))
    c.say(HOST, message(1, 1, setup))
    c.say(DEVICE, message(1, 1, struct.pack("<HHHH", 9, 0, 72, 0), True, 0xC0000016, 5), ("SESSION_SETUP-response", {"login": "more"}))
    c.say(HOST, message(1, 2, setup, session=5))
    c.say(DEVICE, message(1, 2, struct.pack("<HHHH", 9, 1, 72, 0), True, 0, 5),
          ("SESSION_SETUP-response", {"login": "accepted", "guest": "true"}))
    c.say(HOST, message(3, 3, struct.pack("<HHHH", 9, 0, 72, len(share)) + share, session=5),
          ("TREE_CONNECT-request", {"share": r"\\10.62.7.20\ADMIN$"}))
    c.say(DEVICE, message(3, 3, struct.pack("<HBBIII", 16, 2, 0, 0, 0, 0x1F01FF), True, 0, 5, 9), ("TREE_CONNECT-response", {"status": "0"}))
    c.say(HOST, message(5, 4, named(bytes(create), 44, pipe), session=5, tree=9), ("CREATE-request", {"pipe": "svcctl"}))
    c.close()


def rdp():
    tpkt = lambda body: struct.pack(">BBH", 3, 0, len(body) + 4) + body
    def connect(code, rest):
        return tpkt(struct.pack(">BBHHB", 6 + len(rest), code, 0, 0, 0) + rest)
    c = Capture("rdp/console-asks-for-a-desktop", "rdp", "10.62.7.99", "10.62.7.21", 3389)
    c.say(HOST, connect(0xE0, b"Cookie: mstshash=biomed\r\n" + struct.pack("<BBHI", 1, 0, 8, 3)), ("connection-request", {"user": "biomed"}))
    c.say(DEVICE, connect(0xD0, struct.pack("<BBHI", 3, 0, 8, 5)), ("connection-confirm", {"failure": "5"}))
    c.close()
    c = Capture("rdp/old-server-without-tls", "rdp", "10.62.7.99", "10.62.7.22", 3390)
    c.say(HOST, connect(0xE0, struct.pack("<BBHI", 1, 0, 8, 0)), ("connection-request", {}))
    c.say(DEVICE, connect(0xD0, struct.pack("<BBHI", 2, 0, 8, 0)), ("connection-confirm", {}))
    c.close()


def vnc():
    c = Capture("vnc/screen-without-a-password", "vnc", "10.62.7.99", "10.62.7.23", 5907)
    c.say(DEVICE, b"RFB 003.008\n", ("version", {"version": "003.008"}))
    c.say(HOST, b"RFB 003.008\n", ("version", {"version": "003.008"}))
    c.say(DEVICE, b"\x02\x01\x02", ("security-offer", {"security": "none"}))
    c.say(HOST, b"\x01", ("security-choice", {"security": "none"}))
    c.say(DEVICE, b"\0\0\0\0")
    c.close()


def lifecare():
    c = Capture("hospira_lifecare/archive-to-the-habitual-port", "hospira_lifecare", "10.62.7.99", "10.62.7.24", 11444)
    c.say(HOST, b"PK\x03\x04" + bytes(range(64)), ("first-data", {"begins": "zip"}))
    c.say(DEVICE, b"\x01\x02 stored\n", ("first-data", {"begins": "binary"}))
    c.close()


if __name__ == "__main__":
    for make in (smb, rdp, vnc, lifecare):
        make()
