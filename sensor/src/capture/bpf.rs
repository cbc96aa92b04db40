//! BPF filters over frames read from files.
