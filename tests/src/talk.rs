//! TCP conversations made in a test, for what no real program would send.

use crate::capture::Frame;
use crate::rewrite::seal;

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Client,
    Server,
}

/// Frames of one TCP connection: handshake, what is said (each at most 1,400 bytes), FIN both ways.
pub fn tcp(server_port: u16, said: &[(Who, &[u8])]) -> Vec<Frame> {
    let mut seq = [1000u32, 9000];
    let mut frames = Vec::new();
    let mut time = 1_764_000_000_000_000_000i64;
    let mut send = |seq: &mut [u32; 2], who: Who, flags: u8, payload: &[u8]| {
        let me = usize::from(who == Who::Server);
        let ports = if me == 0 {
            [51_000, server_port]
        } else {
            [server_port, 51_000]
        };
        let hosts = if me == 0 { [66u8, 20] } else { [20, 66] };
        let mut ip = vec![
            0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 20, 2, hosts[0], 10, 20, 2, hosts[1],
        ];
        ip[4..6].copy_from_slice(&((time / 1_000_000) as u16).to_be_bytes());
        for port in ports {
            ip.extend_from_slice(&u16::to_be_bytes(port));
        }
        ip.extend_from_slice(&seq[me].to_be_bytes());
        ip.extend_from_slice(&seq[1 - me].to_be_bytes());
        ip.extend_from_slice(&[0x50, flags, 0x20, 0, 0, 0, 0, 0]);
        ip.extend_from_slice(payload);
        seal(&mut ip);
        let mut bytes = vec![2, 0, 0, 0, 0, hosts[1], 2, 0, 0, 0, 0, hosts[0], 8, 0];
        bytes.extend_from_slice(&ip);
        seq[me] = seq[me].wrapping_add(payload.len() as u32 + u32::from(flags & 0x03 != 0));
        time += 3_000_000;
        frames.push(Frame { time, bytes });
    };
    send(&mut seq, Who::Client, 0x02, b"");
    send(&mut seq, Who::Server, 0x12, b"");
    send(&mut seq, Who::Client, 0x10, b"");
    for (who, bytes) in said {
        for piece in bytes.chunks(1400) {
            send(&mut seq, *who, 0x18, piece);
        }
    }
    send(&mut seq, Who::Client, 0x11, b"");
    send(&mut seq, Who::Server, 0x11, b"");
    frames
}

/// An MLLP block.
pub fn mllp(message: &str) -> Vec<u8> {
    [
        &[0x0b],
        message.replace('\n', "\r").as_bytes(),
        &[0x1c, 0x0d],
    ]
    .concat()
}
