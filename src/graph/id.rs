//! Ids on the wire: `<type prefix>_<base32 of a UUIDv7>`. Opaque to clients; the type is checked here.

use uuid::Uuid;

use crate::error::{Code, Error};

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// 128 bits in groups of five.
const LENGTH: usize = 26;

/// Appends the id's text.
pub fn write(out: &mut Vec<u8>, prefix: &str, id: &[u8; 16]) {
    out.extend_from_slice(prefix.as_bytes());
    out.push(b'_');
    let mut bits = u128::from_be_bytes(*id);
    for _ in 0..LENGTH {
        out.push(ALPHABET[usize::try_from(bits >> 123).unwrap_or(0)]);
        bits <<= 5;
    }
}

/// The id's text.
pub fn encode(prefix: &str, id: Uuid) -> String {
    let mut out = Vec::with_capacity(prefix.len() + 1 + LENGTH);
    write(&mut out, prefix, id.as_bytes());
    String::from_utf8(out).unwrap_or_default()
}

/// Splits an id into its prefix and its value. One value has one text: capitals or stray last bits are no id.
pub fn parse(text: &str) -> Option<(&str, Uuid)> {
    let (prefix, digits) = text.split_once('_')?;
    if digits.len() != LENGTH {
        return None;
    }
    let mut bits: u128 = 0;
    for (i, c) in digits.bytes().enumerate() {
        let value = u128::try_from(ALPHABET.iter().position(|a| *a == c)?).ok()?;
        if i + 1 == LENGTH {
            // 26 digits hold 130 bits: the last two are always zero.
            if value & 0b11 != 0 {
                return None;
            }
            bits = (bits << 3) | (value >> 2);
        } else {
            bits = (bits << 5) | value;
        }
    }
    Some((prefix, Uuid::from_u128(bits)))
}

/// The value of an id that must have one of these prefixes.
pub fn expect(text: &str, prefixes: &[&str]) -> Result<Uuid, Error> {
    match parse(text) {
        Some((prefix, id)) if prefixes.contains(&prefix) => Ok(id),
        Some(_) => Err(Error::new(
            Code::InvalidId,
            format!("This id is of another type; an id that begins with {} is due here.", list(prefixes)),
        )),
        None => Err(Error::new(
            Code::InvalidId,
            format!("This is not an id; an id that begins with {} is due here.", list(prefixes)),
        )),
    }
}

fn list(prefixes: &[&str]) -> String {
    prefixes.iter().map(|p| format!("{p}_")).collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn an_id_gives_its_value_back(prefix in "[a-z]{1,5}", bits in any::<u128>()) {
            let id = Uuid::from_u128(bits);
            let text = encode(&prefix, id);
            prop_assert_eq!(parse(&text), Some((prefix.as_str(), id)));
        }

        #[test]
        fn any_text_is_one_id_or_none(text in prop_oneof![any::<String>(), "[a-z]{0,4}_?[0-9a-z]{20,28}"]) {
            if let Some((prefix, id)) = parse(&text) {
                prop_assert_eq!(encode(prefix, id), text);
            }
        }
    }

    #[test]
    fn an_id_has_exactly_one_text() {
        for bits in [0, 1, u128::MAX, 0x019a_5f00_0000_7000_8000_0000_0000_0001] {
            let id = Uuid::from_u128(bits);
            let text = encode("prj", id);
            assert_eq!(parse(&text), Some(("prj", id)));
            assert_ne!(parse(&format!("prj_{}", text[4..].to_uppercase().replace('0', "O"))), Some(("prj", id)));
        }
        assert_eq!(parse("prj_zzzzzzzzzzzzzzzzzzzzzzzzzz"), None, "stray last bits");
        assert_eq!(parse("prj_"), None);
        assert_eq!(parse("nothing"), None);
    }

    #[test]
    fn the_type_is_checked() {
        let id = encode("per", Uuid::from_u128(7));
        assert_eq!(expect(&id, &["prj"]).unwrap_err().code, Code::InvalidId);
        assert!(expect(&id, &["prj", "per"]).is_ok());
    }
}
