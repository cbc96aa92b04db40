//! A hash table whose order never shows: seeded, so that nobody on the wire chooses collisions.

pub type Table<K, V> = foldhash::HashMap<K, V>;
