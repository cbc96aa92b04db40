//! Logins that products are shipped with, or that became public: a login in clear is compared here, and
//! only what it is of ever leaves. The list holds salted hashes, and so nothing that could be tried.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

const SALT: &[u8] = b"wardwatch vendor logins 1";

/// Sorted by hash.
static LOGINS: LazyLock<Vec<(&'static str, &'static str)>> = LazyLock::new(|| {
    let rows = include_str!("logins.tsv").lines();
    let mut all: Vec<_> = rows.filter_map(|row| row.split_once('\t')).collect();
    all.sort_unstable();
    all
});

/// A user's name, kept as a hash until the password comes.
#[derive(Clone, Debug)]
pub struct User([u8; 32]);

impl User {
    pub fn named(name: &[u8]) -> User {
        let hash = Sha256::new().chain_update(SALT).chain_update(name);
        User(hash.finalize().into())
    }

    /// What a login with this password is of, if it is in the list.
    pub fn with(&self, password: &[u8]) -> Option<&'static str> {
        let hash = Sha256::new().chain_update(self.0).chain_update(password);
        let mut hex = [0u8; 64];
        for (pair, byte) in hex.chunks_exact_mut(2).zip(hash.finalize()) {
            let digit = |n: u8| b"0123456789abcdef"[usize::from(n & 15)];
            pair.copy_from_slice(&[digit(byte >> 4), digit(byte)]);
        }
        let at = LOGINS.binary_search_by(|(known, _)| known.as_bytes().cmp(&hex));
        at.ok().and_then(|at| LOGINS.get(at)).map(|(_, of)| *of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_not_in_the_list_is_nobody() {
        let admin = User::named(b"admin");
        assert_eq!(admin.with(b"correct horse battery staple"), None);
        assert_eq!(User::named(b"adminadmin").with(b""), None);
    }

    #[test]
    fn list_tells_what_a_login_is_of_and_never_the_login() {
        assert_eq!(
            User::named(b"admin").with(b"admin"),
            Some("a default of many products")
        );
        let of = User::named(b"museuser").with(b"Muse!Admin");
        assert!(of.is_some_and(|of| of.contains("CVE-2004-2777")));
        assert!(
            LOGINS
                .iter()
                .all(|(hash, of)| hash.len() == 64 && !of.contains('\t'))
        );
    }
}
