//! Where each frame ended, and what else the decoder saw.

crate::counters! {
    /// Each frame under exactly one reason. With those in [`super::Decoder::held`] the sum is the
    /// frames given to the decoder; after [`super::Decoder::finish`] it is so without them.
    DecodeCounts {
        /// A TCP or UDP packet was handed on (or its datagram was, for a fragment).
        decoded = "decoded",
        /// ARP, LLDP or PROFINET, handed on.
        link = "ARP, LLDP and PROFINET",
        /// ICMP or ICMPv6, handed on.
        icmp = "ICMP",
        /// Another protocol over IP.
        other_ip = "other IP protocol",
        /// No IP, ARP or LLDP in it.
        not_ip = "not IP",
        /// A link type that is not read.
        unsupported_link = "unsupported link",
        /// Headers cut off by the snap length.
        snap_truncated = "snap-truncated",
        /// A header that contradicts itself or ends early in a frame captured whole.
        malformed = "malformed header",
        /// An IP length beyond the end of a frame captured whole.
        overlong = "IP length beyond the frame",
        /// A checksum that is wrong and was not left to the network card.
        bad_checksum = "bad checksum",
        /// A fragment of a datagram that never became whole.
        fragment_expired = "fragment expired",
        /// A fragment that was there already (a second sighting).
        fragment_duplicate = "fragment seen twice",
        /// A fragment that contradicts the others of its datagram.
        fragment_conflict = "fragment in conflict",
        /// Refused by a limit: tunnel depth, extension headers, fragments evicted.
        limit = "limit",
    }
}

crate::counters! {
    /// What was noticed beside the reasons.
    DecodeNotes {
        /// Payload bytes handed on, TCP.
        tcp_bytes = "TCP payload bytes",
        /// Payload bytes handed on, UDP.
        udp_bytes = "UDP payload bytes",
        /// Payload bytes handed on, frames below IP.
        link_bytes = "link payload bytes",
        /// Payload bytes handed on, ICMP.
        icmp_bytes = "ICMP payload bytes",
        /// Payload bytes on the wire that the snap length cut off.
        cut_bytes = "payload bytes cut by the snap length",
        /// Packets handed on whose payload was cut.
        cut_packets = "packets cut by the snap length",
        /// Packets whose checksum was left to the network card of the capturing host.
        offloaded = "checksums left to the network card",
        /// Packets with an IP length of zero (merged by offload): the frame's end is theirs.
        length_zero = "IP length zero",
        /// Datagrams put together from fragments.
        reassembled = "datagrams reassembled",
        /// Fragments that overlap others with the same bytes.
        overlap_same = "fragments overlapping, alike",
        /// Fragments that overlap others with different bytes; the first were kept.
        overlap_differs = "fragments overlapping, different",
        /// Events that found no room (limit `decode-events`).
        events_lost = "events lost",
    }
}

crate::counters! {
    /// Frames by the encapsulation peeled off them; a frame counts under each that it has.
    TunnelCounts {
        vlan = "802.1Q or 802.1ad",
        erspan_1 = "ERSPAN type I",
        erspan_2 = "ERSPAN type II",
        erspan_3 = "ERSPAN type III",
        gre = "GRE",
        gre_ethernet = "GRE with Ethernet",
        pptp = "PPTP",
        vxlan = "VXLAN",
        vxlan_gpe = "VXLAN-GPE",
        geneve = "Geneve",
        tzsp = "TZSP",
        hp_erm = "HP ERM",
        mpls = "MPLS",
        pppoe = "PPPoE",
        ip_in_ip = "IP in IP",
        ether_ip = "EtherIP",
    }
}

/// Encapsulations, as in [`TunnelCounts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tunnel {
    Vlan,
    Erspan1,
    Erspan2,
    Erspan3,
    Gre,
    GreEthernet,
    Pptp,
    Vxlan,
    VxlanGpe,
    Geneve,
    Tzsp,
    HpErm,
    Mpls,
    Pppoe,
    IpInIp,
    EtherIp,
}

impl TunnelCounts {
    pub(super) fn of(&mut self, tunnel: Tunnel) -> &mut u64 {
        match tunnel {
            Tunnel::Vlan => &mut self.vlan,
            Tunnel::Erspan1 => &mut self.erspan_1,
            Tunnel::Erspan2 => &mut self.erspan_2,
            Tunnel::Erspan3 => &mut self.erspan_3,
            Tunnel::Gre => &mut self.gre,
            Tunnel::GreEthernet => &mut self.gre_ethernet,
            Tunnel::Pptp => &mut self.pptp,
            Tunnel::Vxlan => &mut self.vxlan,
            Tunnel::VxlanGpe => &mut self.vxlan_gpe,
            Tunnel::Geneve => &mut self.geneve,
            Tunnel::Tzsp => &mut self.tzsp,
            Tunnel::HpErm => &mut self.hp_erm,
            Tunnel::Mpls => &mut self.mpls,
            Tunnel::Pppoe => &mut self.pppoe,
            Tunnel::IpInIp => &mut self.ip_in_ip,
            Tunnel::EtherIp => &mut self.ether_ip,
        }
    }
}

/// Why a frame gave no packet, as in [`DecodeCounts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    OtherIp,
    NotIp,
    UnsupportedLink,
    SnapTruncated,
    Malformed,
    Overlong,
    BadChecksum,
    FragmentDuplicate,
    FragmentConflict,
    Limit,
}

impl DecodeCounts {
    pub(super) fn of(&mut self, reason: Reason) -> &mut u64 {
        match reason {
            Reason::OtherIp => &mut self.other_ip,
            Reason::NotIp => &mut self.not_ip,
            Reason::UnsupportedLink => &mut self.unsupported_link,
            Reason::SnapTruncated => &mut self.snap_truncated,
            Reason::Malformed => &mut self.malformed,
            Reason::Overlong => &mut self.overlong,
            Reason::BadChecksum => &mut self.bad_checksum,
            Reason::FragmentDuplicate => &mut self.fragment_duplicate,
            Reason::FragmentConflict => &mut self.fragment_conflict,
            Reason::Limit => &mut self.limit,
        }
    }
}
