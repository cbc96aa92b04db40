"""Makes weigh-zero-and-reset.pcap: the driver mettler_toledo_device 1.5.0 against a scripted balance.

Needs root, iproute2, tcpdump, and `pip install mettler_toledo_device==1.5.0 serial_interface==2.0.0`. The driver opens
a pseudo-terminal; what it writes goes over TCP to a terminal server's data port in another network namespace.
"""
import os, pathlib, signal, socket, subprocess, sys, threading, time, tty

HERE = pathlib.Path(__file__).resolve().parent
ASKER, SERVER, PORT = "10.73.2.21", "10.73.2.40", 4001
ANSWERS = {
    "I0": ['I0 B 0 "I0"', 'I0 B 0 "@"', 'I0 A 1 "S"'], "I1": ['I1 A "01" "2.00" "2.20" "" ""'],
    "I2": ['I2 A "XS204 Excellence 220.0090 g"'], "I3": ['I3 A "1.10 18.6.4.1361.772"'],
    "I4": ['I4 A "B021002593"'], "I5": ['I5 A "12121306C"'],
    "Z": ["Z A"], "ZI": ["ZI D"], "@": ['I4 A "B021002593"'],
}
WEIGHTS = ["S S      100.0045 g", "S D       99.8021 g", "S I", "S +"]


def balance():
    weights = iter(WEIGHTS)
    with socket.create_server((SERVER, PORT)) as listening:
        peer, _ = listening.accept()
        with peer, peer.makefile("rb") as lines:
            for line in lines:
                verb = line.decode().strip()
                said = [next(weights)] if verb in ("S", "SI") else ANSWERS.get(verb, ["ES"])
                for answer in said:
                    peer.sendall(answer.encode() + b"\r\n")


def asker():
    from mettler_toledo_device import MettlerToledoDevice
    master, slave = os.openpty()
    tty.setraw(slave)
    line = socket.create_connection((SERVER, PORT))

    def up():
        while data := os.read(master, 4096):
            line.sendall(data)

    def down():
        while data := line.recv(4096):
            os.write(master, data)

    for pump in (up, down):
        threading.Thread(target=pump, daemon=True).start()
    balance = MettlerToledoDevice(port=os.ttyname(slave), timeout=0.5)
    balance.get_serial_number()
    balance.get_balance_data()
    balance.get_software_version()
    for step in (balance.zero_stable, balance.get_weight_stable, balance.get_weight, balance.get_weight_stable,
                 balance.get_weight, balance.zero, balance.reset):
        try:
            step()
        except Exception as e:  # overload and the like are told by exceptions
            print(step.__name__, e)
    # What no driver sends: a tare, and a verb that no balance knows.
    for request in (b"T\r\n", b"FOO 1\r\n"):
        line.sendall(request)
        time.sleep(0.3)
    line.shutdown(socket.SHUT_RDWR)
    os._exit(0)


def sh(command, check=True):
    return subprocess.run(command, shell=True, check=check)


def main():
    for ns in ("mt-asker", "mt-server"):
        sh(f"ip netns del {ns} 2>/dev/null", check=False)
        sh(f"ip netns add {ns}")
    sh("ip link add eth0 netns mt-asker type veth peer name eth0 netns mt-server")
    for ns, ip in (("mt-asker", ASKER), ("mt-server", SERVER)):
        run = f"ip netns exec {ns}"
        mac = "02:00:5e:73:02:" + "%02x" % int(ip.split(".")[3])
        sh(f"{run} sysctl -qw net.ipv6.conf.all.disable_ipv6=1", check=False)
        sh(f"{run} ip link set eth0 address {mac} && {run} ip addr add {ip}/24 dev eth0 && {run} ip link set eth0 up")
        sh(f"{run} ethtool -K eth0 tso off gso off gro off tx off rx off >/dev/null 2>&1", check=False)
    dump = subprocess.Popen(f"exec ip netns exec mt-asker tcpdump -i eth0 -U --immediate-mode -n -Z root "
                            f"-w {HERE / 'weigh-zero-and-reset.pcap'} tcp", shell=True, stderr=subprocess.PIPE, text=True)
    while "listening" not in dump.stderr.readline():
        pass
    python = f"{sys.executable} {HERE / 'make.py'}"
    server = subprocess.Popen(f"exec ip netns exec mt-server {python} balance", shell=True)
    time.sleep(1)
    sh(f"ip netns exec mt-asker {python} asker", check=False)
    time.sleep(1)
    server.kill()
    dump.send_signal(signal.SIGINT)
    dump.wait()
    sh("ip netns del mt-asker; ip netns del mt-server")


if __name__ == "__main__":
    {"balance": balance, "asker": asker}.get(sys.argv[-1], main)()
