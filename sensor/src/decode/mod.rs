//! From frames to packets: link layer, tunnels, IP, fragments, transport headers.

pub mod packet;
