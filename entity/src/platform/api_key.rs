//! Keys that scripts and BI tools present. The secret itself is nowhere: `secret_hash` tells a right one from a wrong one.

use sea_orm::entity::prelude::*;

/// One key.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_key")]
pub struct Model {
    /// Never reused; part of what is presented.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Human key, unique.
    #[sea_orm(unique)]
    pub key: String,
    /// What it is for.
    pub name: String,
    /// SHA-256 of the secret, which is 32 random bytes: there is nothing to guess that a slow hash would protect.
    pub secret_hash: Vec<u8>,
    /// Assignable roles, separated by commas.
    pub roles: String,
    /// What a denied field gives where the request does not say: `MASK` or `ERROR`.
    pub access_mode: String,
    /// From then on it is refused; null is no end.
    pub expires_at: Option<DateTimeUtc>,
    /// Since when it is refused for good; null is not at all.
    pub revoked_at: Option<DateTimeUtc>,
    /// Ranges of addresses that it is taken from, separated by commas; null is anywhere.
    pub address_ranges: Option<String>,
    /// When it was presented last, to the minute; null is never. No write of the row: neither version nor `updated_at` follow.
    pub last_used_at: Option<DateTimeUtc>,
    /// Counts the writes to this row, from 1.
    pub version: i64,
    /// When the row was written first.
    pub created_at: DateTimeUtc,
    /// The person who did; null is the system or an import.
    pub created_by_id: Option<Uuid>,
    /// When the row was written last.
    pub updated_at: DateTimeUtc,
    /// The person who did; null is the system or an import.
    pub updated_by_id: Option<Uuid>,
}

/// None here: joins are declared with the rights that guard them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
