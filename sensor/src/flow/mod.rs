//! Conversations: TCP reassembly, UDP exchanges, identification, dissectors at work.
