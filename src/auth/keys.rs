//! The keys that tokens are checked with: the local development key and an issuer's public keys.
//! A key fixes its one algorithm when it is read; what a token claims about algorithms never chooses.

use std::{
    fs, io,
    io::Write as _,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, DecodingKey, DecodingKeyKind,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse},
};

use sha2::{Digest as _, Sha256};

use super::KeyPrint;
use crate::error::{Code, Error};

/// Bytes of the smallest RSA modulus accepted (2,048 bits).
const SMALLEST_RSA: usize = 256;
/// Bytes of an uncompressed point on P-256.
const P256_POINT: usize = 65;

/// The local development key: 256 random bits, known to this installation only.
#[derive(Clone)]
pub struct LocalKey([u8; 32]);

impl LocalKey {
    /// A key that ends with the process.
    pub fn ephemeral() -> Result<Self, Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|e| Error::internal(e.to_string()))?;
        Ok(Self(bytes))
    }

    /// Reads the key, making it first if there is none.
    pub fn open(path: &Path) -> Result<Self, Error> {
        if !path.try_exists().map_err(|e| unreadable(path, &e))? {
            create(path).map_err(|e| unreadable(path, &e))?;
        }
        let mode = fs::metadata(path).map_err(|e| unreadable(path, &e))?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(refuse(path, "can be read by other users; allow its owner only (chmod 600)"));
        }
        let text = fs::read_to_string(path).map_err(|e| unreadable(path, &e))?;
        let bytes = URL_SAFE_NO_PAD.decode(text.trim()).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| refuse(path, "holds no key of 32 bytes in base64url; delete it to get a new one"))
    }

    /// The secret itself.
    pub fn secret(&self) -> &[u8] {
        &self.0
    }
}

/// Writes a new key beside its place and links it there, so that two first starts at once end with one whole key.
fn create(path: &Path) -> io::Result<()> {
    let key = LocalKey::ephemeral().map_err(io::Error::other)?;
    let mut fresh = path.as_os_str().to_owned();
    fresh.push(format!(".{}", std::process::id()));
    let fresh = PathBuf::from(fresh);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
    let linked = writeln!(file, "{}", URL_SAFE_NO_PAD.encode(key.0))
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::hard_link(&fresh, path));
    fs::remove_file(&fresh)?;
    match linked {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

/// One key that tokens are checked with.
#[derive(Clone)]
pub struct TokenKey {
    /// The `kid` that a token names it by.
    pub kid: Option<String>,
    /// The one algorithm it is used with.
    pub algorithm: Algorithm,
    /// The key.
    pub key: DecodingKey,
    /// What names it in whoever it lets in.
    pub print: KeyPrint,
}

impl TokenKey {
    /// A key with its name and its one algorithm.
    pub fn new(kid: Option<String>, algorithm: Algorithm, key: DecodingKey) -> Self {
        let mut print = Sha256::new_with_prefix(format!("{algorithm:?} {kid:?} "));
        match key.kind() {
            DecodingKeyKind::SecretOrDer(bytes) => print.update(bytes),
            DecodingKeyKind::RsaModulusExponent { n, e } => {
                print = print.chain_update(n).chain_update(b" ").chain_update(e);
            }
        }
        Self { kid, algorithm, key, print: KeyPrint(print.finalize().into()) }
    }
}

/// Reads an issuer's keys from a PEM file, a JWKS file, or a folder of them.
///
/// A PEM file is named for its key: `<kid>.pem`, or `<kid>.ps256.pem` for an RSA key used with PS256.
pub fn read_public(path: &Path) -> Result<Vec<TokenKey>, Error> {
    let mut files = vec![path.to_path_buf()];
    if path.is_dir() {
        let entries = fs::read_dir(path).map_err(|e| unreadable(path, &e))?;
        files = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|file| is_key_file(file)).collect();
        files.sort();
    }
    let mut keys = vec![];
    for file in files {
        let text = fs::read_to_string(&file).map_err(|e| unreadable(&file, &e))?;
        if has_extension(&file, "json") {
            keys.extend(read_set(&text, Unsuited::Refused).map_err(|why| refuse(&file, &why))?);
        } else {
            keys.push(read_pem(&file, &text).map_err(|why| refuse(&file, &why))?);
        }
    }
    if keys.is_empty() {
        return Err(refuse(path, "holds no public key (.pem or .json)"));
    }
    for (index, key) in keys.iter().enumerate() {
        if keys[..index].iter().any(|other| other.kid == key.kid) {
            return Err(refuse(path, &format!("holds two keys named '{}'", key.kid.as_deref().unwrap_or_default())));
        }
    }
    Ok(keys)
}

fn is_key_file(file: &Path) -> bool {
    has_extension(file, "pem") || has_extension(file, "json")
}

fn has_extension(file: &Path, extension: &str) -> bool {
    file.extension().is_some_and(|found| found.eq_ignore_ascii_case(extension))
}

fn read_pem(file: &Path, text: &str) -> Result<TokenKey, String> {
    if text.contains("PRIVATE KEY") {
        return Err("holds a private key; only the issuer should have it".into());
    }
    let name = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let (kid, pss) = match name.rsplit_once('.') {
        Some((kid, algorithm)) if algorithm.eq_ignore_ascii_case("ps256") => (kid, true),
        _ => (name, false),
    };
    let pem = text.as_bytes();
    let (algorithm, key) = if let Ok(key) = DecodingKey::from_ed_pem(pem) {
        (Algorithm::EdDSA, key)
    } else if let Ok(key) = DecodingKey::from_ec_pem(pem) {
        (Algorithm::ES256, key)
    } else {
        let key = DecodingKey::from_rsa_pem(pem).map_err(|_| "holds no RSA, P-256 or Ed25519 public key in PEM")?;
        (if pss { Algorithm::PS256 } else { Algorithm::RS256 }, key)
    };
    check_size(algorithm, &key)?;
    Ok(TokenKey::new(Some(kid.to_string()), algorithm, key))
}

/// What becomes of keys in a set that no token is checked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unsuited {
    /// An operator chose the set and learns what is wrong with it.
    Refused,
    /// An issuer publishes keys for others too.
    PassedOver,
}

/// Reads the set that an issuer publishes. A private key in it ends all trust in the set.
pub fn read_published(text: &str) -> Result<Vec<TokenKey>, String> {
    read_set(text, Unsuited::PassedOver)
}

fn read_set(text: &str, unsuited: Unsuited) -> Result<Vec<TokenKey>, String> {
    #[derive(serde::Deserialize)]
    struct Set {
        keys: Vec<serde_json::Value>,
    }
    let set: Set = serde_json::from_str(text).map_err(|e| format!("is no JSON Web Key Set: {e}"))?;
    let mut keys = vec![];
    for value in set.keys {
        if value.get("d").is_some() || value.get("k").is_some() {
            return Err("holds a private or secret key; only the issuer should have it".into());
        }
        match read_key(value) {
            Ok(key) => keys.extend(key),
            Err(_) if unsuited == Unsuited::PassedOver => {}
            Err(why) => return Err(why),
        }
    }
    Ok(keys)
}

/// A key of a set; none where it is not meant for signatures.
fn read_key(value: serde_json::Value) -> Result<Option<TokenKey>, String> {
    let jwk: Jwk = serde_json::from_value(value).map_err(|e| format!("holds an unreadable key: {e}"))?;
    if jwk.common.public_key_use == Some(PublicKeyUse::Encryption) {
        return Ok(None);
    }
    if let Some(other @ PublicKeyUse::Other(_)) = &jwk.common.public_key_use {
        return Err(format!("holds a key for another use than signatures: {other:?}"));
    }
    let algorithm = algorithm_of(&jwk)?;
    let key = DecodingKey::from_jwk(&jwk).map_err(|e| format!("holds an unreadable key: {e}"))?;
    check_size(algorithm, &key)?;
    Ok(Some(TokenKey::new(jwk.common.key_id, algorithm, key)))
}

fn algorithm_of(jwk: &Jwk) -> Result<Algorithm, String> {
    let named = jwk.common.key_algorithm.map(|algorithm| algorithm.to_string());
    let fits = |allowed: &[(&str, Algorithm)]| match &named {
        None => Some(allowed[0].1),
        Some(name) => allowed.iter().find(|(text, _)| text == name).map(|(_, algorithm)| *algorithm),
    };
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => fits(&[("RS256", Algorithm::RS256), ("PS256", Algorithm::PS256)]),
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            fits(&[("ES256", Algorithm::ES256)])
        }
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            fits(&[("EdDSA", Algorithm::EdDSA)])
        }
        _ => None,
    };
    algorithm.ok_or_else(|| {
        let kid = jwk.common.key_id.as_deref().unwrap_or("without kid");
        format!("holds a key ({kid}) for another algorithm than RS256, PS256, ES256 and EdDSA")
    })
}

fn check_size(algorithm: Algorithm, key: &DecodingKey) -> Result<(), String> {
    use DecodingKeyKind::{RsaModulusExponent, SecretOrDer};
    match (algorithm, key.kind()) {
        (Algorithm::ES256, SecretOrDer(point)) if point.len() != P256_POINT => {
            Err("holds an elliptic-curve key of another curve than P-256".into())
        }
        (Algorithm::RS256 | Algorithm::PS256, SecretOrDer(bytes) | RsaModulusExponent { n: bytes, .. })
            if bytes.len() < SMALLEST_RSA =>
        {
            Err("holds an RSA key of less than 2,048 bits".into())
        }
        _ => Ok(()),
    }
}

fn refuse(path: &Path, why: &str) -> Error {
    Error::new(Code::BadRequest, format!("{} {why}.", path.display()))
}

fn unreadable(path: &Path, e: &io::Error) -> Error {
    refuse(path, &format!("cannot be used as a key file: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_start_makes_the_key_and_the_next_reads_it() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("foliograph.key");
        let first = LocalKey::open(&path).expect("made");
        assert_eq!(fs::metadata(&path).expect("file").permissions().mode() & 0o777, 0o600);
        assert_eq!(LocalKey::open(&path).expect("read").secret(), first.secret());
        assert_eq!(fs::read_dir(folder.path()).expect("folder").count(), 1, "nothing left beside it");
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("foliograph.key");
        LocalKey::open(&path).expect("made");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("changed");
        assert!(LocalKey::open(&path).err().expect("refused").message.contains("chmod 600"));
    }

    #[test]
    fn secret_and_unsuited_keys_are_no_public_keys() {
        let refused = |set: &str| read_set(set, Unsuited::Refused).err().expect("refused");
        assert!(refused(r#"{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}"#).contains("secret key"));
        assert!(
            refused(r#"{"keys":[{"kty":"RSA","alg":"RS512","n":"AQAB","e":"AQAB"}]}"#).contains("another algorithm")
        );
        assert!(refused(r#"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}"#).contains("2,048 bits"));
        let private = "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n";
        assert!(read_pem(Path::new("a.pem"), private).err().expect("refused").contains("private key"));
    }

    #[test]
    fn an_encryption_key_in_a_set_is_passed_over() {
        let set = r#"{"keys":[{"kty":"RSA","use":"enc","alg":"RSA-OAEP","n":"AQAB","e":"AQAB"}]}"#;
        assert!(read_set(set, Unsuited::Refused).expect("read").is_empty());
    }

    #[test]
    fn of_a_published_set_only_what_suits_is_taken() {
        let (n, others) = ("A".repeat(342), r#"{"kty":"RSA","alg":"RS512","n":"AQAB","e":"AQAB"},{"kty":"unknown"},7"#);
        let rsa = |more: &str| format!(r#"{{"kty":"RSA","n":"{n}","e":"AQAB"{more}}}"#);
        let suited = [rsa(r#","kid":"a","use":"sig""#), rsa(r#","kid":"b","alg":"PS256""#)].join(",");
        let encrypting = rsa(r#","kid":"c","use":"enc""#);
        let keys = read_published(&format!(r#"{{"keys":[{suited},{encrypting},{others}]}}"#)).expect("read");
        let found: Vec<_> = keys.iter().map(|key| (key.kid.as_deref().unwrap_or_default(), key.algorithm)).collect();
        assert_eq!(
            found,
            [("a", Algorithm::RS256), ("b", Algorithm::PS256)],
            "without alg an RSA key is for RS256 alone"
        );
        assert_ne!(keys[0].print, keys[1].print);
        let secret = format!(r#"{{"keys":[{suited},{{"kty":"oct","k":"c2VjcmV0"}}]}}"#);
        assert!(read_published(&secret).is_err_and(|why| why.contains("secret key")), "no trust in the rest either");
    }

    #[test]
    fn a_folder_of_pem_files_names_and_fixes_each_key() {
        let folder = tempfile::tempdir().expect("folder");
        for (name, pem) in [
            ("a.pem", include_str!("fixtures/ed25519.pem")),
            ("b.pem", include_str!("fixtures/p256.pem")),
            ("c.ps256.pem", include_str!("fixtures/rsa.pem")),
            ("d.pem", include_str!("fixtures/rsa.pem")),
            ("notes.txt", "no key"),
        ] {
            fs::write(folder.path().join(name), pem).expect("written");
        }
        let keys = read_public(folder.path()).expect("read");
        let found: Vec<_> = keys.iter().map(|key| (key.kid.as_deref().unwrap_or_default(), key.algorithm)).collect();
        let expected =
            [("a", Algorithm::EdDSA), ("b", Algorithm::ES256), ("c", Algorithm::PS256), ("d", Algorithm::RS256)];
        assert_eq!(found, expected);
    }
}
