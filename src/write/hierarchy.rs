//! Paths in a tree that is about to change: up from a row, as everything will stand.

use std::collections::HashMap;

use uuid::Uuid;

/// What each row will stand right below.
pub type Places = HashMap<Uuid, Option<Uuid>>;

/// A row and those above it, upward; no further than one more than `deepest`, nor around a ring.
pub fn path(places: &Places, from: Uuid, deepest: usize) -> Vec<Uuid> {
    let (mut path, mut at) = (vec![from], from);
    while let Some(Some(next)) = places.get(&at)
        && *next != from
        && path.len() <= deepest
    {
        path.push(*next);
        at = *next;
    }
    path
}
