#!/bin/bash
# Makes captures of the plain protocols between two network namespaces, with real programs.
# Usage: make.sh OUTDIR (as root; dnsmasq openssh vsftpd udhcpc dhclient dig arping ping snmpd tftp curl lldpd chrony)
set -u
out=$1; mkdir -p "$out"; tmp=$(mktemp -d)
A=wwbA; B=wwbB
ip netns add $A 2>/dev/null; ip netns add $B 2>/dev/null
ip link del wwb0 2>/dev/null; ip link add wwb0 type veth peer name wwb1
ip link set wwb0 netns $A name eth0 address 02:00:00:aa:00:01; ip link set wwb1 netns $B name eth0 address 02:00:00:bb:00:02
a() { ip netns exec $A "$@"; }; b() { ip netns exec $B "$@"; }
# For the background alone: `$!` is then the program itself.
serve() { exec ip netns exec $A "$@"; }
for n in a b; do $n ip link set lo up; $n ip link set eth0 up; $n ethtool -K eth0 tx off rx off gso off tso off >/dev/null 2>&1; done
a ip addr add 10.77.0.1/24 dev eth0; a ip -6 addr add 2001:db8:77::1/64 dev eth0 nodad
cap() { serve tcpdump -U -i eth0 -w "$out/$1" "${@:2}" 2>/dev/null & cpid=$!; sleep 1; }
stop() { sleep 1; kill $cpid; wait $cpid 2>/dev/null; }
cat > $tmp/dm.conf <<C
interface=eth0
bind-interfaces
no-resolv
no-hosts
no-daemon
dhcp-range=10.77.0.50,10.77.0.60,255.255.255.0,2h
dhcp-range=2001:db8:77::,ra-stateless,ra-names,64,1h
dhcp-option=option:ntp-server,10.77.0.1
dhcp-option=option:domain-name,ward.example
dhcp-option=121,10.99.0.0/16,10.77.0.1
domain=ward.example
enable-ra
address=/pump7.ward.example/10.77.0.70
address=/pump7.ward.example/2001:db8:77::70
txt-record=big.ward.example,"$(printf 'x%.0s' {1..200})","$(printf 'y%.0s' {1..200})"
srv-host=_dicom._tcp.ward.example,pacs.ward.example,104
cname=pacs.ward.example,pump7.ward.example
host-record=pump7.ward.example,10.77.0.70
mx-host=ward.example,mail.ward.example
dhcp-leasefile=$tmp/leases
enable-tftp
tftp-root=$tmp/tftp
user=root
C
mkdir -p $tmp/tftp; echo firmware > $tmp/tftp/fw-2.1.bin
# --- dhcp, with router advertisements
cap dhcp.pcap 'udp port 67 or udp port 68'
serve dnsmasq -C $tmp/dm.conf >$tmp/dm.log 2>&1 & dm=$!
sleep 1
cat > $tmp/script.sh <<'S'
#!/bin/sh
[ "$1" = bound ] && ip addr flush dev eth0 scope global && ip addr add $ip/24 dev eth0
exit 0
S
chmod +x $tmp/script.sh
b udhcpc -i eth0 -f -q -n -s $tmp/script.sh -x hostname:infusion-7 -V "AcmePump 2.1" -F infusion-7.ward.example >/dev/null 2>&1
echo 'send host-name "console"; request subnet-mask, routers, domain-name-servers, ntp-servers, rfc3442-classless-static-routes;' > $tmp/dhc.conf
b dhclient -4 -1 -sf /bin/true -cf $tmp/dhc.conf -lf $tmp/l1 -pf $tmp/p1 eth0 >/dev/null 2>&1
b dhclient -4 -r -sf /bin/true -cf $tmp/dhc.conf -lf $tmp/l1 -pf $tmp/p1 eth0 >/dev/null 2>&1
stop
b ip addr flush dev eth0 scope global; b ip addr add 10.77.0.2/24 dev eth0; b ip -6 addr add 2001:db8:77::2/64 dev eth0 nodad
# --- dhcpv6
cap dhcpv6.pcap 'udp port 546 or udp port 547'
b timeout 8 dhclient -6 -S -1 -sf /bin/true -lf $tmp/l2 -pf $tmp/p2 eth0 >/dev/null 2>&1
stop; [ -f $tmp/p2 ] && kill "$(cat $tmp/p2)" 2>/dev/null
# --- arp
b ip neigh flush dev eth0; a ip neigh flush dev eth0
cap arp.pcap arp
b ping -c1 10.77.0.1 >/dev/null; b arping -c 1 -U -I eth0 10.77.0.2 >/dev/null 2>&1 || true
b arping -c 1 -A -I eth0 10.77.0.2 >/dev/null 2>&1; b arping -c 1 -D -I eth0 10.77.0.9 >/dev/null 2>&1
b arping -c 1 -P -U -i eth0 10.77.0.2 >/dev/null 2>&1
stop
# --- dns
cap dns.pcap 'port 53'
d="b dig @10.77.0.1 +tries=1 +time=2"
$d pump7.ward.example A >/dev/null; $d pump7.ward.example AAAA >/dev/null; $d nobody.ward.example A >/dev/null
$d big.ward.example TXT +tcp >/dev/null; $d big.ward.example TXT +ignore +bufsize=512 >/dev/null
$d _dicom._tcp.ward.example SRV >/dev/null; $d pacs.ward.example >/dev/null; $d ward.example MX >/dev/null
$d -x 10.77.0.70 >/dev/null; $d aGVsbG8gdGhpcyBpcyBhIHR1bm5lbCBvZiBhIGxvdCBvZiBkYXRh.t.ward.example TXT +noedns >/dev/null
stop
# --- icmp and neighbour discovery
b ip -6 neigh flush dev eth0; a ip -6 neigh flush dev eth0
cap icmp.pcap 'icmp or icmp6'
b ping -c2 -s 200 10.77.0.1 >/dev/null; b ping -c1 2001:db8:77::1 >/dev/null
b timeout 3 rdisc6 -1 eth0 >/dev/null 2>&1; b ndisc6 -1 2001:db8:77::1 eth0 >/dev/null 2>&1
b python3 -c "
import socket
s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); s.sendto(b'x',('10.77.0.1',9999))
s=socket.socket(socket.AF_INET6,socket.SOCK_DGRAM); s.sendto(b'x',('2001:db8:77::1',9999))"
b ping -c1 -t1 10.77.0.1 >/dev/null
stop
# --- tftp
cap tftp.pcap udp
b curl -s tftp://10.77.0.1/fw-2.1.bin -o /dev/null; b curl -s -T $tmp/dm.conf tftp://10.77.0.1/upload.cab >/dev/null 2>&1
stop
kill $dm; wait $dm 2>/dev/null
# --- ssh
mkdir -p /run/sshd; ssh-keygen -q -t ed25519 -N '' -f $tmp/host; ssh-keygen -q -t ed25519 -N '' -f $tmp/user; cp $tmp/user.pub $tmp/auth; chmod 600 $tmp/auth
cap ssh.pcap 'port 22'
serve /usr/sbin/sshd -D -e -f /dev/null -h $tmp/host -o AuthorizedKeysFile=$tmp/auth -o StrictModes=no -o PermitRootLogin=yes -o PidFile=none -o ListenAddress=10.77.0.1 2>$tmp/sshd.log & sd=$!
sleep 1
b ssh -i $tmp/user -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o IdentitiesOnly=yes root@10.77.0.1 true 2>/dev/null
b ssh -i $tmp/user -o KexAlgorithms=diffie-hellman-group-exchange-sha256 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null root@10.77.0.1 true 2>/dev/null
b ssh -i $tmp/user -c aes128-cbc -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null root@10.77.0.1 true 2>/dev/null
stop; ssh-keygen -l -f $tmp/host.pub > $out/ssh.hostkey; kill $sd
# --- ftp
mkdir -p $tmp/ftp/pub $tmp/empty; echo library > $tmp/ftp/pub/druglib-7.cab; chmod 755 $tmp $tmp/ftp; chmod 777 $tmp/ftp/pub
cat > $tmp/vs.conf <<C
listen=YES
background=NO
anonymous_enable=YES
local_enable=NO
write_enable=YES
anon_upload_enable=YES
anon_mkdir_write_enable=YES
anon_other_write_enable=YES
anon_root=$tmp/ftp
secure_chroot_dir=$tmp/empty
ftp_username=ftp
listen_address=10.77.0.1
seccomp_sandbox=NO
C
getent passwd ftp >/dev/null || useradd -r -s /usr/sbin/nologin ftp
chown root:root $tmp/vs.conf
cap ftp.pcap tcp
serve vsftpd $tmp/vs.conf & vs=$!
sleep 1
b curl -s ftp://10.77.0.1/pub/druglib-7.cab -o /dev/null
b curl -s -T $tmp/dm.conf ftp://10.77.0.1/pub/firmware-2.2.bin
b curl -s -u service:wrong-password ftp://10.77.0.1/ >/dev/null
b curl -s -Q "DELE /pub/firmware-2.2.bin" ftp://10.77.0.1/ >/dev/null
b curl -s -P - ftp://10.77.0.1/pub/ >/dev/null
stop; kill $vs
# --- snmp
cat > $tmp/snmpd.conf <<C
rocommunity public
rwcommunity s3cret
sysName infusion-7
sysDescr "Acme Pump 2.1"
createUser biomed SHA authpassword AES privpassword
rouser biomed
agentAddress udp:10.77.0.1:161
C
cap snmp.pcap 'udp port 161'
serve snmpd -f -Lo -C -c $tmp/snmpd.conf -p $tmp/snmpd.pid --persistentDir=$tmp/sp >$tmp/snmpd.log 2>&1 & sn=$!
sleep 2
b snmpget -v1 -c public 10.77.0.1 1.3.6.1.2.1.1.1.0 1.3.6.1.2.1.1.5.0 >/dev/null
b snmpbulkwalk -v2c -c public 10.77.0.1 1.3.6.1.2.1.1 >/dev/null
b snmpset -v2c -c s3cret 10.77.0.1 1.3.6.1.2.1.1.6.0 s ward3 >/dev/null 2>&1
b snmpget -v3 -u biomed -l authPriv -a SHA -A authpassword -x AES -X privpassword 10.77.0.1 1.3.6.1.2.1.1.1.0 >/dev/null 2>&1
b snmpget -v2c -c wrong -r0 -t1 10.77.0.1 1.3.6.1.2.1.1.1.0 >/dev/null 2>&1
stop; kill $sn
# --- ntp
printf 'local stratum 3\nallow 10.77.0.0/24\nbindaddress 10.77.0.1\ncmdport 0\npidfile %s\n' $tmp/ch.pid > $tmp/ch.conf
cap ntp.pcap 'udp port 123'
serve chronyd -x -d -f $tmp/ch.conf -u root >/dev/null 2>&1 & cs=$!
sleep 1
b timeout 12 chronyd -x -d -Q -t 8 -u root -f /dev/null "server 10.77.0.1 iburst" "pidfile $tmp/ch2.pid" "cmdport 0" >/dev/null 2>&1
stop; kill $cs
# --- lldp
cap lldp.pcap 'ether proto 0x88cc'
serve lldpd -d -I eth0 -S "AcmePump firmware 2.1" -P Acme -u $tmp/lldp.sock >/dev/null 2>&1 & ld=$!
sleep 4; stop; kill $ld
ip netns del $A; ip netns del $B; rm -rf "$tmp"
