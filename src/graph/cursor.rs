//! Cursors: the order keys of a row, bound to filter and order, signed. A cursor of ours is taken back only for the
//! same list; anything else is refused.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Days, NaiveDate, Utc};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use uuid::Uuid;

use super::{
    cell::{Cell, EPOCH},
    digest,
    plan::{ColumnType, OrderKey},
    sql::{Param, Sql},
    statement::write_expr,
    value::DbValue,
};
use crate::error::{Code, Error};

/// First byte of a cursor: what the rest looks like.
const VERSION: u8 = 1;
const TAG: usize = 12;
/// What a cursor is good for: a hash of entity, filter and order.
pub type ListHash = [u8; 8];

/// First byte of a sealed cursor.
const SEALED: u8 = 2;
/// Bytes of a seal, which also begins the stream that hides the rest.
const SEAL: usize = 16;

/// Signs and checks cursors.
#[derive(Clone)]
pub struct Signer(Hmac<Sha256>);

impl Signer {
    /// A signer with the key that all server processes share.
    pub fn new(secret: &[u8]) -> Self {
        Self(
            <Hmac<Sha256> as Mac>::new_from_slice(secret)
                .unwrap_or_else(|_| unreachable!("HMAC takes keys of any length")),
        )
    }

    fn tag(&self, body: &[u8]) -> [u8; TAG] {
        let mut mac = self.0.clone();
        mac.update(body);
        let full = mac.finalize().into_bytes();
        let mut tag = [0; TAG];
        tag.copy_from_slice(&full[..TAG]);
        tag
    }

    /// The text of a cursor whose keys were encoded by [`encode`].
    pub fn sign(&self, list: ListHash, keys: &[u8]) -> String {
        let mut body = Vec::with_capacity(1 + list.len() + keys.len() + TAG);
        body.push(VERSION);
        body.extend_from_slice(&list);
        body.extend_from_slice(keys);
        let tag = self.tag(&body);
        body.extend_from_slice(&tag);
        URL_SAFE_NO_PAD.encode(body)
    }

    /// The keys of a cursor, if it is ours and of this list.
    pub fn open(&self, text: &str, list: ListHash) -> Result<Vec<Option<DbValue>>, Error> {
        let foreign = || Error::new(Code::CursorMismatch, "This is not a cursor of this server.");
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| foreign())?;
        if bytes.len() < 1 + list.len() + TAG || bytes[0] != VERSION {
            return Err(foreign());
        }
        let (body, tag) = bytes.split_at(bytes.len() - TAG);
        let mut mac = self.0.clone();
        mac.update(body);
        mac.verify_truncated_left(tag).map_err(|_| foreign())?;
        let (of, keys) = body[1..].split_at(list.len());
        if of != list {
            return Err(Error::new(
                Code::CursorMismatch,
                "This cursor belongs to another filter or order; start again without it.",
            ));
        }
        decode(keys).ok_or_else(foreign)
    }
}

/// Sealed texts: authenticated as cursors are, and not readable. The seal is a hash of the content and the key of what
/// hides it, so that no second secret value has to be kept or be different each time (SIV).
impl Signer {
    /// Hides a content; equal contents give equal texts.
    pub fn seal(&self, content: &[u8]) -> String {
        let seal = self.seal_of(content);
        let mut out = Vec::with_capacity(1 + SEAL + content.len());
        out.push(SEALED);
        out.extend_from_slice(&seal);
        out.extend_from_slice(content);
        self.mask(&seal, &mut out[1 + SEAL..]);
        URL_SAFE_NO_PAD.encode(out)
    }

    /// The content of a text that this server sealed.
    pub fn unseal(&self, text: &str) -> Result<Vec<u8>, Error> {
        let foreign = || Error::new(Code::CursorMismatch, "This is not a cursor of changes of this server.");
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| foreign())?;
        if bytes.len() < 1 + SEAL || bytes[0] != SEALED {
            return Err(foreign());
        }
        let (seal, hidden) = bytes[1..].split_at(SEAL);
        let mut content = hidden.to_vec();
        self.mask(seal, &mut content);
        let mut mac = self.0.clone();
        mac.update(b"seal");
        mac.update(&content);
        mac.verify_truncated_left(seal).map_err(|_| foreign())?;
        Ok(content)
    }

    fn seal_of(&self, content: &[u8]) -> [u8; SEAL] {
        let mut mac = self.0.clone();
        mac.update(b"seal");
        mac.update(content);
        let mut seal = [0; SEAL];
        seal.copy_from_slice(&mac.finalize().into_bytes()[..SEAL]);
        seal
    }

    /// Adds the stream that belongs to a seal; twice gives the content again.
    fn mask(&self, seal: &[u8], content: &mut [u8]) {
        for (count, block) in content.chunks_mut(32).enumerate() {
            let mut mac = self.0.clone();
            mac.update(b"mask");
            mac.update(seal);
            mac.update(&(count as u64).to_be_bytes());
            let stream = mac.finalize().into_bytes();
            block.iter_mut().zip(stream).for_each(|(byte, mask)| *byte ^= mask);
        }
    }
}

/// The hash of a list's entity, filter and order.
pub fn list_hash(entity: &str, filter: &str, order: &str) -> ListHash {
    digest::short_of_parts([entity, filter, order])
}

/// Appends a key's value.
pub fn encode(out: &mut Vec<u8>, cell: &Cell<'_>, ty: ColumnType) {
    let mut put = |tag: u8, bytes: &[u8]| {
        out.push(tag);
        out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
        out.extend_from_slice(bytes);
    };
    match cell {
        Cell::Null => put(b'n', &[]),
        Cell::Int(n) => put(b'i', &n.to_be_bytes()),
        Cell::Bool(b) => put(b'b', &[u8::from(*b)]),
        Cell::Id(id) => put(b'u', id),
        Cell::Days(days) => put(b'd', &i64::from(*days).to_be_bytes()),
        Cell::Micros(micros) => put(b't', &micros.to_be_bytes()),
        // SQLite keeps dates and instants as text: give them the form that both databases share.
        Cell::Text(s) => match ty {
            ColumnType::Date => {
                put(
                    b'd',
                    &NaiveDate::parse_from_str(s, "%Y-%m-%d").map_or(0, |d| (d - EPOCH).num_days()).to_be_bytes(),
                );
            }
            ColumnType::Instant => put(b't', &super::cell::micros(s).unwrap_or(0).to_be_bytes()),
            _ => put(b's', s.as_bytes()),
        },
    }
}

fn decode(mut bytes: &[u8]) -> Option<Vec<Option<DbValue>>> {
    let mut out = vec![];
    while let Some((tag, rest)) = bytes.split_first() {
        let (length, rest) = rest.split_at_checked(4)?;
        let length = usize::try_from(u32::from_be_bytes(length.try_into().ok()?)).ok()?;
        let (value, rest) = rest.split_at_checked(length)?;
        let number = || Some(i64::from_be_bytes(value.try_into().ok()?));
        out.push(match tag {
            b'n' => None,
            b'i' => Some(DbValue::Int(number()?)),
            b'b' => Some(DbValue::Bool(value == [1])),
            b'u' => Some(DbValue::Id(Uuid::from_slice(value).ok()?)),
            b'd' => Some(DbValue::Date(shifted(number()?)?)),
            b't' => Some(DbValue::Instant(DateTime::<Utc>::from_timestamp_micros(number()?)?)),
            _ => Some(DbValue::Text(String::from_utf8(value.to_vec()).ok()?)),
        });
        bytes = rest;
    }
    Some(out)
}

fn shifted(days: i64) -> Option<NaiveDate> {
    let span = Days::new(days.unsigned_abs());
    if days < 0 { EPOCH.checked_sub_days(span) } else { EPOCH.checked_add_days(span) }
}

/// Appends the condition that a row comes after these values in the order of the keys.
pub fn after(sql: &mut Sql, keys: &[OrderKey], values: &[Option<DbValue>]) {
    let pairs: Vec<(&OrderKey, Option<&DbValue>)> = keys.iter().zip(values.iter().map(Option::as_ref)).collect();
    let plain = pairs
        .iter()
        .all(|(k, v)| k.nulls_first.is_none() && v.is_some() && k.expr.only.is_none() && k.expr.given.is_none());
    let one_way = pairs.windows(2).all(|w| w[0].0.descending == w[1].0.descending);
    if plain && one_way {
        // A row value is one range of the index.
        sql.push("(");
        for (i, (key, _)) in pairs.iter().enumerate() {
            sql.push(if i > 0 { ", " } else { "" });
            write_expr(sql, &key.expr);
        }
        sql.push(if keys[0].descending { ") < (" } else { ") > (" });
        for (i, (_, value)) in pairs.iter().enumerate() {
            sql.push(if i > 0 { ", " } else { "" });
            constant(sql, *value);
        }
        sql.push(")");
        return;
    }
    sql.push("(FALSE");
    for i in 0..pairs.len() {
        sql.push(" OR (TRUE");
        for (key, value) in &pairs[..i] {
            sql.push(" AND ");
            write_expr(sql, &key.expr);
            if value.is_some() {
                sql.push(" = ");
                constant(sql, *value);
            } else {
                sql.push(" IS NULL");
            }
        }
        sql.push(" AND ");
        beyond(sql, pairs[i].0, pairs[i].1);
        sql.push(")");
    }
    sql.push(")");
}

/// Appends the condition that one key lies beyond a value.
fn beyond(sql: &mut Sql, key: &OrderKey, value: Option<&DbValue>) {
    let nulls_last = key.nulls_first == Some(false);
    if value.is_none() {
        if nulls_last {
            sql.push("FALSE");
        } else {
            write_expr(sql, &key.expr);
            sql.push(" IS NOT NULL");
        }
        return;
    }
    sql.push("(");
    write_expr(sql, &key.expr);
    sql.push(if key.descending { " < " } else { " > " });
    constant(sql, value);
    if nulls_last {
        sql.push(" OR ");
        write_expr(sql, &key.expr);
        sql.push(" IS NULL");
    }
    sql.push(")");
}

fn constant(sql: &mut Sql, value: Option<&DbValue>) {
    if let Some(value) = value {
        sql.param(Param::Const(value.clone()));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIST: ListHash = [7; 8];

    fn signer() -> Signer {
        Signer::new(b"a secret of tests")
    }

    /// A key as a row has it, and as a cursor gives it back.
    fn key() -> impl Strategy<Value = (ColumnType, DbValue)> {
        prop_oneof![
            any::<i64>().prop_map(|n| (ColumnType::Int, DbValue::Int(n))),
            any::<bool>().prop_map(|b| (ColumnType::Bool, DbValue::Bool(b))),
            any::<u128>().prop_map(|n| (ColumnType::Id, DbValue::Id(Uuid::from_u128(n)))),
            any::<String>().prop_map(|s| (ColumnType::Text, DbValue::Text(s))),
        ]
    }

    fn encoded(keys: &[Option<(ColumnType, DbValue)>]) -> Vec<u8> {
        let mut out = vec![];
        for key in keys {
            match key {
                None => encode(&mut out, &Cell::Null, ColumnType::Text),
                Some((ty, DbValue::Int(n))) => encode(&mut out, &Cell::Int(*n), *ty),
                Some((ty, DbValue::Bool(b))) => encode(&mut out, &Cell::Bool(*b), *ty),
                Some((ty, DbValue::Id(id))) => encode(&mut out, &Cell::Id(*id.as_bytes()), *ty),
                Some((ty, DbValue::Text(s))) => encode(&mut out, &Cell::Text(s), *ty),
                Some(other) => unreachable!("{other:?}"),
            }
        }
        out
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_cursor_gives_its_keys_back(keys in prop::collection::vec(prop::option::of(key()), 0..5)) {
            let text = signer().sign(LIST, &encoded(&keys));
            let due: Vec<Option<DbValue>> = keys.into_iter().map(|key| key.map(|(_, value)| value)).collect();
            prop_assert_eq!(signer().open(&text, LIST).expect("ours"), due);
            prop_assert_eq!(signer().open(&text, [8; 8]).expect_err("of another list").code, Code::CursorMismatch);
            prop_assert_eq!(Signer::new(b"another").open(&text, LIST).expect_err("foreign").code, Code::CursorMismatch);
        }

        #[test]
        fn any_other_text_is_refused(text in prop_oneof![any::<String>(), "[A-Za-z0-9_-]{0,120}", "[0-9a-zA-Z+/=. ]{0,60}"]) {
            prop_assert_eq!(signer().open(&text, LIST).expect_err("no cursor").code, Code::CursorMismatch);
            prop_assert_eq!(signer().unseal(&text).expect_err("no cursor").code, Code::CursorMismatch);
        }

        #[test]
        fn a_changed_cursor_is_refused(keys in prop::collection::vec(prop::option::of(key()), 1..4), at in any::<prop::sample::Index>(), bit in 0..8_u8) {
            let ours = URL_SAFE_NO_PAD.decode(signer().sign(LIST, &encoded(&keys))).expect("base64");
            let mut bytes = ours.clone();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            let forged = URL_SAFE_NO_PAD.encode(&bytes);
            prop_assert_eq!(signer().open(&forged, LIST).expect_err("forged").code, Code::CursorMismatch);
            let short = URL_SAFE_NO_PAD.encode(&ours[..at]);
            prop_assert_eq!(signer().open(&short, LIST).expect_err("cut off").code, Code::CursorMismatch);
        }

        #[test]
        fn a_sealed_text_gives_its_content_back(content in prop::collection::vec(any::<u8>(), 0..200), at in any::<prop::sample::Index>()) {
            let text = signer().seal(&content);
            prop_assert_eq!(signer().unseal(&text).expect("ours"), content);
            let mut bytes = URL_SAFE_NO_PAD.decode(text).expect("base64");
            let at = at.index(bytes.len());
            bytes[at] ^= 1;
            let forged = URL_SAFE_NO_PAD.encode(bytes);
            prop_assert_eq!(signer().unseal(&forged).expect_err("forged").code, Code::CursorMismatch);
        }

        #[test]
        fn keys_of_any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = decode(&bytes);
        }
    }
}
