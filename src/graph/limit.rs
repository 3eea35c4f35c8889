//! Where a field may be read: the one decision that columns, filters, orders, groups and figures share.

use super::decl::{Entity, Field};
use crate::{
    auth::{Class, Permission, Scopes},
    error::{Code, Error},
};

/// Where a field's value may be read, among the rows that are visible.
pub enum Limit {
    /// Nowhere.
    Never,
    /// Everywhere.
    Free,
    /// On these rows only.
    Where(Scopes),
}

/// Where a field of class `needs` may be read on rows of an entity that are visible through `rows`.
pub fn limit(entity: &Entity, needs: Class, scopes: Scopes, rows: Scopes) -> Limit {
    if scopes.is_empty() {
        Limit::Never
    } else if needs == entity.class || scopes.is_all() {
        Limit::Free
    } else if entity.rows.is_common() {
        // Such rows relate to nobody, so a right that holds on some rows holds on none of these.
        Limit::Never
    } else if !entity.rows.is_directory() && scopes.covers(rows) {
        Limit::Free
    } else {
        Limit::Where(scopes)
    }
}

/// The error for a filter, order or group on what the caller can never read.
pub fn forbidden(entity: &Entity, field: &Field, needs: Permission) -> Error {
    let coordinate = format!("{}.{}", entity.name, field.name);
    Error::new(Code::FilterForbidden, format!("`{coordinate}` needs {needs} to filter, order or group by."))
        .about(coordinate)
}
