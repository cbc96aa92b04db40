//! BPF filters over frames read from files: libpcap compiles, once a link type.

use pcap::{BpfProgram, Capture, Linktype};

use super::block::LinkType;

/// The filter expression with its programs.
pub(super) struct Filter {
    expression: String,
    /// `None` for a link type that the expression makes no sense for and that is not read anyway.
    programs: Vec<(LinkType, Option<BpfProgram>)>,
}

impl Filter {
    pub(super) fn new(expression: &str) -> Filter {
        Filter {
            expression: expression.to_owned(),
            programs: Vec::new(),
        }
    }

    pub(super) fn expression(&self) -> &str {
        &self.expression
    }

    /// Does the expression let this frame through? Lengths (`len`, `greater`) are judged by the
    /// bytes captured. The error is libpcap's own text.
    pub(super) fn passes(&mut self, link: LinkType, frame: &[u8]) -> Result<bool, String> {
        let at = match self.programs.iter().position(|(known, _)| *known == link) {
            Some(at) => at,
            None => self.compile(link)?,
        };
        let program = self
            .programs
            .get(at)
            .and_then(|(_, program)| program.as_ref());
        Ok(program.is_some_and(|p| p.filter(frame)))
    }

    /// Compiles for a link type. Gives its place among the programs.
    pub(super) fn compile(&mut self, link: LinkType) -> Result<usize, String> {
        let compiled =
            Capture::dead(dlt(link)).and_then(|dead| dead.compile(&self.expression, true));
        let program = match compiled {
            Ok(program) => Some(program),
            Err(_) if !link.is_read() => None,
            Err(pcap::Error::PcapError(text)) => return Err(text),
            Err(other) => return Err(other.to_string()),
        };
        self.programs.push((link, program));
        Ok(self.programs.len() - 1)
    }
}

/// libpcap's own number of a link type: the same as in files but for raw IP.
fn dlt(link: LinkType) -> Linktype {
    let raw = if cfg!(target_os = "openbsd") { 14 } else { 12 };
    match link {
        LinkType::RAW | LinkType::RAW_12 | LinkType::RAW_14 => Linktype(raw),
        LinkType(other) => Linktype(i32::from(other)),
    }
}
