//! Keys of new rows: what the file calls them, in the form of keys, and a number behind where that is taken.

use std::collections::HashSet;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::{
    error::Error,
    write::{Work, value::column},
};

/// Characters of the longest key before its number.
const LONGEST: usize = 60;

/// Keys of a table that begin alike.
pub(super) struct Keys(HashSet<String>);

impl Keys {
    /// Those that are taken.
    pub(super) async fn load<E: EntityTrait>(work: &Work<'_>, system: &str) -> Result<Self, Error> {
        let key = column::<E>("key");
        let found = E::find().select_only().column(key).filter(key.starts_with(format!("{system}-")));
        Ok(Self(found.into_tuple::<String>().all(work.txn).await?.into_iter().collect()))
    }

    /// A free one after a wish; it is taken then.
    pub(super) fn free(&mut self, wish: &str) -> String {
        let plain: String = wish.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).take(LONGEST).collect();
        let plain = plain.trim_matches('-').to_uppercase();
        let mut key = plain.clone();
        let mut count = 1_u32;
        while !self.0.insert(key.clone()) {
            count += 1;
            key = format!("{plain}-{count}");
        }
        key
    }
}
