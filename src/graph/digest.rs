//! One hash of several parts: each with its length before it, so that no two lists of parts run into the same bytes.

use sha2::{Digest as _, Sha256};

/// The SHA-256 of the parts, in their order.
pub fn of_parts(parts: impl IntoIterator<Item = impl AsRef<[u8]>>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        let part = part.as_ref();
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// Its first eight bytes, where what is named is not secret and there is little of it.
pub fn short_of_parts(parts: impl IntoIterator<Item = impl AsRef<[u8]>>) -> [u8; 8] {
    let mut short = [0; 8];
    short.copy_from_slice(&of_parts(parts)[..8]);
    short
}
