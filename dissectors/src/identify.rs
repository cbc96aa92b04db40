//! Which protocol is this? Signatures are asked until one is sure.
//!
//! The answer depends on the first bytes of each side alone, never on how they were cut: a
//! candidate that needs more bytes holds back a less confident `Yes` until it has them, or until
//! no more can come.

use crate::contract::{Confidence, Hint, Probe, Side, Transport};
use crate::registry::{PROTOCOLS, ProtocolId};
use crate::schema::{Port, Protocol};

/// A set of protocols, by their place in [`Signatures`].
pub type Candidates = u128;

/// What the signatures say so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Is(ProtocolId, Confidence),
    /// At least this many bytes of this side are needed in all.
    NeedMore(usize),
    /// No signature will ever fit this side.
    Nothing,
}

/// The protocols that are looked for. Usually all that are registered.
pub struct Signatures {
    rows: Vec<(ProtocolId, &'static Protocol)>,
    tcp: Candidates,
    udp: Candidates,
    icmp: [Candidates; 2],
    link: Vec<(u16, Candidates)>,
    /// One bit for each port that some protocol hints at.
    tcp_ports: Box<[u64; 1024]>,
    udp_ports: Box<[u64; 1024]>,
    /// Which protocols hint at a port, sorted by port.
    tcp_hints: Vec<(u16, Candidates)>,
    udp_hints: Vec<(u16, Candidates)>,
}

impl Signatures {
    /// All registered protocols.
    pub fn registered() -> Self {
        Self::of(
            PROTOCOLS
                .iter()
                .enumerate()
                .map(|(at, p)| (ProtocolId(at as u16), *p)),
        )
    }

    /// Some protocols, each with the id under which its messages are written. Earlier ones win ties;
    /// what lies beyond the width of [`Candidates`] is left out.
    pub fn of(rows: impl IntoIterator<Item = (ProtocolId, &'static Protocol)>) -> Self {
        let rows: Vec<_> = rows.into_iter().take(Candidates::BITS as usize).collect();
        let mut all = Signatures {
            rows,
            tcp: 0,
            udp: 0,
            icmp: [0; 2],
            link: Vec::new(),
            tcp_ports: Box::new([0; 1024]),
            udp_ports: Box::new([0; 1024]),
            tcp_hints: Vec::new(),
            udp_hints: Vec::new(),
        };
        for (at, (_, protocol)) in all.rows.iter().enumerate() {
            for transport in protocol.transports {
                match *transport {
                    Transport::Tcp => all.tcp |= 1 << at,
                    Transport::Udp => all.udp |= 1 << at,
                    Transport::Icmp => all.icmp[0] |= 1 << at,
                    Transport::Icmp6 => all.icmp[1] |= 1 << at,
                    Transport::Link(ethertype) => {
                        match all.link.iter_mut().find(|(e, _)| *e == ethertype) {
                            Some((_, set)) => *set |= 1 << at,
                            None => all.link.push((ethertype, 1 << at)),
                        }
                    }
                    Transport::Carried => {}
                }
            }
            for port in protocol.hints {
                let (ports, hints, n) = match *port {
                    Port::Tcp(n) => (&mut all.tcp_ports, &mut all.tcp_hints, n),
                    Port::Udp(n) => (&mut all.udp_ports, &mut all.udp_hints, n),
                };
                ports[usize::from(n >> 6)] |= 1 << (n & 63);
                match hints.binary_search_by_key(&n, |(port, _)| *port) {
                    Ok(known) => hints[known].1 |= 1 << at,
                    Err(place) => hints.insert(place, (n, 1 << at)),
                }
            }
        }
        all
    }

    /// All protocols whose signature is asked on this transport.
    pub fn candidates(&self, transport: Transport) -> Candidates {
        match transport {
            Transport::Tcp => self.tcp,
            Transport::Udp => self.udp,
            Transport::Icmp => self.icmp[0],
            Transport::Icmp6 => self.icmp[1],
            Transport::Link(ethertype) => self
                .link
                .iter()
                .find(|(e, _)| *e == ethertype)
                .map_or(0, |(_, set)| *set),
            Transport::Carried => 0,
        }
    }

    /// True if some protocol hints at this port.
    pub fn hinted(&self, transport: Transport, port: u16) -> bool {
        let ports = match transport {
            Transport::Tcp => &self.tcp_ports,
            Transport::Udp => &self.udp_ports,
            _ => return false,
        };
        ports[usize::from(port >> 6)] >> (port & 63) & 1 == 1
    }

    /// The protocol in a row that [`Self::identify`] named, and the id that its messages carry.
    pub fn protocol(&self, row: usize) -> (ProtocolId, &'static Protocol) {
        self.rows[row]
    }

    /// Asks the candidates about the first bytes of one side and strikes those that say no.
    /// `ports` are the conversation's two ports. `final_look`: no further bytes will be offered.
    pub fn identify(
        &self,
        candidates: &mut Candidates,
        side: Side,
        first: &[u8],
        hint: Hint,
        ports: [u16; 2],
        final_look: bool,
    ) -> Row {
        let hints = self.hints(hint.transport, ports);
        identify_among(&self.rows, candidates, side, first, hint, hints, final_look)
    }

    /// The protocols that hint at one of the ports.
    fn hints(&self, transport: Transport, ports: [u16; 2]) -> Candidates {
        let hints = match transport {
            Transport::Tcp => &self.tcp_hints,
            Transport::Udp => &self.udp_hints,
            _ => return 0,
        };
        ports.iter().fold(0, |set, port| {
            let found = hints.binary_search_by_key(port, |(n, _)| *n);
            set | found.ok().map_or(0, |at| hints[at].1)
        })
    }
}

/// As [`Verdict`], naming the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    Is(usize, Confidence),
    /// At least this many bytes of this side are needed in all.
    NeedMore(usize),
    /// These bytes fit no signature.
    Nothing,
}

/// All registered protocols whose signature is asked on this transport.
pub fn candidates(transport: Transport) -> Candidates {
    let mut set = 0;
    for (at, protocol) in PROTOCOLS.iter().enumerate() {
        if protocol.transports.contains(&transport) {
            set |= 1 << at;
        }
    }
    set
}

/// [`Signatures::identify`] among all registered protocols.
pub fn identify(
    candidates: &mut Candidates,
    side: Side,
    first: &[u8],
    hint: Hint,
    ports: [u16; 2],
    final_look: bool,
) -> Verdict {
    let mut rows = [(ProtocolId(0), PROTOCOLS[0]); Candidates::BITS as usize];
    let most = PROTOCOLS.len().min(rows.len());
    for (at, (row, protocol)) in rows.iter_mut().zip(PROTOCOLS).enumerate() {
        *row = (ProtocolId(at as u16), protocol);
    }
    let rows = &rows[..most];
    let mut hints = 0;
    for (at, (_, protocol)) in rows.iter().enumerate() {
        let all = protocol.hints.iter();
        if all.copied().any(|p| hinted(p, hint.transport, ports)) {
            hints |= 1 << at;
        }
    }
    match identify_among(rows, candidates, side, first, hint, hints, final_look) {
        Row::Is(row, confidence) => Verdict::Is(ProtocolId(row as u16), confidence),
        Row::NeedMore(n) => Verdict::NeedMore(n),
        Row::Nothing => Verdict::Nothing,
    }
}

fn identify_among(
    rows: &[(ProtocolId, &'static Protocol)],
    candidates: &mut Candidates,
    side: Side,
    first: &[u8],
    hint: Hint,
    hints: Candidates,
    final_look: bool,
) -> Row {
    let mut best: Option<(Confidence, usize)> = None;
    let mut more: Option<usize> = None;
    let mut left = *candidates;
    while left != 0 {
        let at = left.trailing_zeros() as usize;
        left &= left - 1;
        let Some((_, protocol)) = rows.get(at) else {
            continue;
        };
        let port = hints >> at & 1 == 1;
        match (protocol.probe)(side, first, Hint { port, ..hint }) {
            Probe::No => *candidates &= !(1 << at),
            Probe::More(n) if !final_look && n > first.len() => {
                more = Some(more.map_or(n, |m| m.min(n)))
            }
            Probe::More(_) => {}
            Probe::Yes(confidence) => {
                if best.is_none_or(|(c, _)| confidence > c) {
                    best = Some((confidence, at));
                }
            }
        }
    }
    match (best, more) {
        // A sure one need not wait for those that are still reading.
        (Some((confidence, row)), _) if confidence >= SURE => Row::Is(row, confidence),
        (_, Some(n)) => Row::NeedMore(n),
        (Some((confidence, row)), None) => Row::Is(row, confidence),
        (None, None) => Row::Nothing,
    }
}

/// From here on a signature's yes is not held back by others that want more bytes.
pub const SURE: Confidence = Confidence(90);

fn hinted(port: Port, transport: Transport, ports: [u16; 2]) -> bool {
    match (port, transport) {
        (Port::Tcp(p), Transport::Tcp) | (Port::Udp(p), Transport::Udp) => ports.contains(&p),
        _ => false,
    }
}
