"""Hosts in network namespaces on one switch, a mirror port, and a clock that runs faster than ours.

Needs root, iproute2, tcpdump and ethtool. Nothing leaves the namespaces. A program runs on a host as a forked process
that enters the host's namespace. What takes an hour on a ward takes a minute here: `now()` is the time of the scene, and
the frames' times are stretched the same way when the capture is written.
"""
import calendar, ctypes, gzip, io, multiprocessing, os, pathlib, signal, struct, subprocess, time

HERE = pathlib.Path(__file__).resolve().parent.parent
LIBC = ctypes.CDLL(None, use_errno=True)
FORK = multiprocessing.get_context("fork")


def sh(command, check=True):
    return subprocess.run(command, shell=True, check=check, capture_output=True, text=True)


def mac_of(ip):
    a, b, c, d = (int(x) for x in ip.split("."))
    return "02:81:00:%02x:%02x:%02x" % (b, c, d)


class Lab:
    """One scene's hosts. `begin` is the scene's first instant (UTC), `stretch` how much faster its clock runs."""

    def __init__(self, begin="2026-11-17 09:00:00", stretch=1):
        self.begin = calendar.timegm(time.strptime(begin, "%Y-%m-%d %H:%M:%S"))
        self.stretch = stretch
        self.hosts, self.running, self.dumps = {}, [], []
        self.zero = time.time()

    def __enter__(self):
        sh("ip netns add or-sw")
        for bridge in ("br0", "br1"):
            sh(f"ip netns exec or-sw ip link add {bridge} type bridge && ip netns exec or-sw ip link set {bridge} up")
        return self

    def __exit__(self, *_):
        for p in self.running:
            if p.is_alive():
                p.kill()
            p.join()
        for name in list(self.hosts) + ["sw"]:
            sh(f"ip netns del or-{name}", check=False)

    def host(self, name, *addresses, segment="br0", prefix=16, mac=None, device="eth0", via=None):
        """A host with one interface; further addresses stand on the same interface."""
        first = addresses[0]
        if name not in self.hosts:
            sh(f"ip netns add or-{name} && ip netns exec or-{name} ip link set lo up")
            sh(f"ip netns exec or-{name} sysctl -qw net.ipv6.conf.all.disable_ipv6=1", check=False)
            self.hosts[name] = first
        port = f"{device}{name}"[-15:]
        run = f"ip netns exec or-{name}"
        sh(f"ip link add {port} netns or-sw type veth peer name {device} netns or-{name}")
        sh(f"ip netns exec or-sw ip link set {port} master {segment} up")
        sh(f"ip netns exec or-sw ethtool -K {port} tso off gso off gro off tx off rx off", check=False)
        sh(f"{run} ip link set {device} address {mac or mac_of(first)}")
        for ip in addresses:
            sh(f"{run} ip addr add {ip}/{prefix} dev {device}")
        sh(f"{run} ethtool -K {device} tso off gso off gro off tx off rx off", check=False)
        sh(f"{run} ip link set {device} up")
        if via:
            sh(f"{run} ip route add default via {via}")
        return self

    def on(self, name, program, *args):
        """Starts a program on a host."""
        def inside():
            with open(f"/run/netns/or-{name}") as ns:
                if LIBC.setns(ns.fileno(), 0x40000000) != 0:
                    raise OSError(ctypes.get_errno(), "setns")
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            program(*args)
        p = FORK.Process(target=inside)
        p.start()
        self.running.append(p)
        return p

    def does(self, name, program, *args):
        """Runs a program on a host to its end."""
        p = self.on(name, program, *args)
        p.join()

    def mirror(self, *segments, only=""):
        """Begins to capture; `only` is a filter, as a mirror of one direction has it."""
        time.sleep(0.5)
        for segment in segments or ("br0",):
            path = f"/tmp/or-{segment}.pcap"
            dump = subprocess.Popen(
                f"exec ip netns exec or-sw tcpdump -i {segment} -U --immediate-mode -n -s 0 -Z root -w {path} {only}",
                shell=True, stderr=subprocess.PIPE, text=True)
            while "listening" not in dump.stderr.readline():
                pass
            self.dumps.append((dump, path))
        self.zero = time.time()

    def now(self):
        return self.begin + (time.time() - self.zero) * self.stretch

    def stamp(self, off=0):
        return time.strftime("%Y%m%d%H%M%S", time.gmtime(self.now() + off)) + "+0000"

    def wait(self, seconds):
        """Seconds of the scene's clock."""
        time.sleep(seconds / self.stretch)

    def keep(self, name):
        """Ends the capture and writes NAME.pcap.gz with the scene's times."""
        time.sleep(0.6)
        frames = []
        for dump, path in self.dumps:
            dump.send_signal(signal.SIGINT)
            dump.wait()
            frames += list(read(path))
            os.unlink(path)
        frames.sort(key=lambda f: f[0])
        write(HERE / f"{name}.pcap.gz", [(self.begin + (t - self.zero) * self.stretch, b) for t, b in frames])
        print(f"{name}: {len(frames)} frames")


def read(path):
    data = open(path, "rb").read()
    at = 24
    while at + 16 <= len(data):
        s, us, n, _ = struct.unpack_from("<IIII", data, at)
        yield s + us / 1e6, data[at + 16:at + 16 + n]
        at += 16 + n


def write(path, frames):
    out = io.BytesIO()
    out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
    for t, b in frames:
        s, us = divmod(round(t * 1e6), 1000000)
        out.write(struct.pack("<IIII", s, us, len(b), len(b)) + b)
    with open(path, "wb") as f, gzip.GzipFile(filename="", fileobj=f, mode="wb", mtime=0, compresslevel=9) as z:
        z.write(out.getvalue())
