//! Whose tokens are accepted: one issuer by settings, several by a file of TOML. A file is checked whole: each mistake names its
//! key, and a key that nobody knows is a mistake.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use toml::Table;

use super::{
    Environment, Fault,
    table::{self, Keys},
};
use crate::{
    auth::{
        Role,
        api_keys::KEY_ISSUER,
        claims::ClaimPath,
        fetch::{is_plain_loopback, may_be_asked},
        terms::{KeysAt, Terms},
        token::LOCAL_ISSUER,
    },
    error::{Code, Error},
};

/// Names that the server gives itself: no issuer has them, else its tokens could speak in the name of a key.
const TAKEN: [&str; 2] = [KEY_ISSUER, LOCAL_ISSUER];
/// The claim in which a token names roles where nothing else is said.
const ROLES: &str = "roles";
/// Where well-known issuers put roles.
const KINDS: [&str; 3] = ["keycloak", "entra", "auth0"];

/// Settings of whose tokens are accepted.
#[derive(Clone, Args)]
pub struct IssuerSettings {
    /// `iss` of the tokens to accept. Goes with an audience.
    #[arg(long, env = "FOLIOGRAPH_ISSUER")]
    pub issuer: Option<String>,
    /// `aud` of the tokens to accept.
    #[arg(long, env = "FOLIOGRAPH_AUDIENCE")]
    pub audience: Option<String>,
    /// The issuer's public keys: a PEM file, a JWKS file (.json), or a folder of them [default: fetched from the issuer].
    #[arg(long, env = "FOLIOGRAPH_PUBLIC_KEYS")]
    pub public_keys: Option<PathBuf>,
    /// Where a token names roles: a claim, or a path such as `realm_access.roles`.
    #[arg(long, env = "FOLIOGRAPH_ROLES_CLAIM", default_value = ROLES)]
    pub roles_claim: String,
    /// A TOML file of several issuers, with what their roles mean here.
    #[arg(long = "issuers", env = "FOLIOGRAPH_ISSUERS")]
    pub file: Option<PathBuf>,
}

impl Default for IssuerSettings {
    fn default() -> Self {
        Self { issuer: None, audience: None, public_keys: None, roles_claim: ROLES.to_owned(), file: None }
    }
}

impl IssuerSettings {
    /// The issuers, checked. In production there is one at least.
    pub fn terms(&self, environment: Environment) -> Result<Vec<Terms>, Error> {
        let mut all: Vec<Terms> = self.single(environment)?.into_iter().collect();
        if let Some(path) = &self.file {
            all.extend(from_file(path, environment)?);
        }
        let names: BTreeSet<&str> = all.iter().map(|terms| terms.issuer.as_str()).collect();
        if names.len() < all.len() {
            return Err(refuse("FOLIOGRAPH_ISSUERS names the issuer of FOLIOGRAPH_ISSUER again. Name each once."));
        }
        if all.is_empty() && environment == Environment::Production {
            return Err(refuse(
                "FOLIOGRAPH_ENV=production needs an issuer of tokens: FOLIOGRAPH_ISSUER and FOLIOGRAPH_AUDIENCE, or FOLIOGRAPH_ISSUERS.",
            ));
        }
        Ok(all)
    }

    /// The issuer of the settings for one.
    fn single(&self, environment: Environment) -> Result<Option<Terms>, Error> {
        let roles_at = ClaimPath::parse(&self.roles_claim).ok_or_else(|| {
            refuse("FOLIOGRAPH_ROLES_CLAIM is a claim or a path of claims joined by dots, such as realm_access.roles.")
        })?;
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let keys = self.public_keys.as_ref();
        if [&self.issuer, &self.audience].iter().all(|setting| setting.is_none()) && keys.is_none() {
            return Ok(None);
        }
        let (Some(issuer), Some(audience)) = (given(&self.issuer), given(&self.audience)) else {
            return Err(refuse(
                "An issuer's tokens need FOLIOGRAPH_ISSUER and FOLIOGRAPH_AUDIENCE; one is missing or empty.",
            ));
        };
        if keys.is_some_and(|path| path.as_os_str().is_empty()) {
            return Err(refuse(
                "FOLIOGRAPH_PUBLIC_KEYS is empty; leave it out to have the keys fetched from the issuer.",
            ));
        }
        let keys_at = keys.map_or(KeysAt::Issuer, |path| KeysAt::Path(path.clone()));
        if let Some(why) = wrong_name(&issuer, &keys_at, environment) {
            return Err(refuse(format!("FOLIOGRAPH_ISSUER {why}.")));
        }
        let audiences = vec![audience];
        let roles_at = vec![roles_at];
        Ok(Some(Terms { issuer, audiences, roles_at, role_map: None, authorized_parties: vec![], keys_at }))
    }
}

/// Why an issuer cannot have this name, if it cannot.
fn wrong_name(issuer: &str, keys_at: &KeysAt, environment: Environment) -> Option<String> {
    if TAKEN.contains(&issuer) {
        return Some(format!("cannot be {issuer}, a name that the server has for itself"));
    }
    if *keys_at != KeysAt::Issuer {
        return None;
    }
    if !may_be_asked(issuer) {
        return Some(
            "is an address that begins with https://, from which its keys are fetched; only a loopback address may begin with http://. With public keys in files it is any text"
                .to_owned(),
        );
    }
    let is_plain = is_plain_loopback(issuer) && environment == Environment::Production;
    is_plain.then(|| "begins with https:// in production: keys that come without TLS are anybody's".to_owned())
}

/// The issuers of a file; every mistake in it.
fn from_file(path: &Path, environment: Environment) -> Result<Vec<Terms>, Error> {
    let place = path.display();
    let text = fs::read_to_string(path)
        .map_err(|e| refuse(format!("FOLIOGRAPH_ISSUERS names {place}, which cannot be read: {e}.")))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    read(&text, folder, environment).map_err(|faults| {
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        refuse(format!("{place} is no list of issuers: {}.", faults.join("; ")))
    })
}

/// The issuers of a text; paths in it begin at the folder.
fn read(text: &str, folder: &Path, environment: Environment) -> Result<Vec<Terms>, Vec<Fault>> {
    let table = table::parse(text).map_err(|fault| vec![fault])?;
    let mut faults = vec![];
    let mut keys = Keys::new(&table, String::new(), &mut faults);
    let tables = keys.tables("issuers");
    if tables.is_empty() {
        keys.fault("issuers", "missing: at least one [[issuers]] with `issuer` and `audience`");
    }
    keys.end();
    let mut all: Vec<Terms> = vec![];
    for (at, table) in tables.into_iter().enumerate() {
        let terms = one(table, format!("issuers[{}]", at + 1), folder, environment, &mut faults);
        if all.iter().any(|other| other.issuer == terms.issuer) && !terms.issuer.is_empty() {
            faults.push(Fault { key: format!("issuers[{}].issuer", at + 1), text: "named already".to_owned() });
        }
        all.push(terms);
    }
    if faults.is_empty() { Ok(all) } else { Err(faults) }
}

fn one(table: &Table, at: String, folder: &Path, environment: Environment, faults: &mut Vec<Fault>) -> Terms {
    let mut keys = Keys::new(table, at, faults);
    let issuer = keys.due("issuer", "`iss` of its tokens, such as \"https://id.example.com/realms/pmo\"");
    let audiences = keys.texts("audience");
    if !keys.has("audience") || (audiences.is_empty() && table.get("audience").is_some_and(toml::Value::is_array)) {
        keys.fault("audience", "missing: `aud` of tokens that are meant for this API");
    }
    let kind = keys.choice("kind", &KINDS);
    let given = keys.texts("roles_claim");
    let mut roles_at = vec![];
    for text in &given {
        match ClaimPath::parse(text) {
            Some(path) => roles_at.push(path),
            None => keys.fault(
                "roles_claim",
                format!(
                    "{text:?} is no path of claims, such as realm_access.roles or resource_access.\"my.client\".roles"
                ),
            ),
        }
    }
    if !keys.has("roles_claim") {
        roles_at = usual(kind.as_deref(), &audiences);
    }
    let role_map = keys.has("roles").then(|| role_map(&mut keys));
    let authorized_parties = keys.texts("authorized_parties");
    if keys.has("authorized_parties") && authorized_parties.is_empty() {
        keys.fault("authorized_parties", "names one client at least; without the key any client is taken");
    }
    let path = keys.text("public_keys");
    let keys_at = path.map_or(KeysAt::Issuer, |path| KeysAt::Path(folder.join(path)));
    if let Some(why) =
        Some(&issuer).filter(|name| !name.is_empty()).and_then(|name| wrong_name(name, &keys_at, environment))
    {
        keys.fault("issuer", why);
    }
    keys.end();
    Terms { issuer, audiences, roles_at, role_map, authorized_parties, keys_at }
}

/// Where the tokens of an issuer of this kind name roles.
fn usual(kind: Option<&str>, audiences: &[String]) -> Vec<ClaimPath> {
    match kind {
        Some("keycloak") => {
            let of_client = audiences.iter().map(|client| ClaimPath::of(&["resource_access", client, ROLES]));
            [ClaimPath::of(&["realm_access", ROLES])].into_iter().chain(of_client).collect()
        }
        Some("auth0") => vec![ClaimPath::of(&["permissions"])],
        _ => vec![ClaimPath::of(&[ROLES])],
    }
}

/// What the issuer's names mean here.
fn role_map(keys: &mut Keys<'_, '_>) -> BTreeMap<String, Vec<Role>> {
    let mut map = BTreeMap::new();
    for (name, roles) in keys.lists("roles") {
        let mut known = vec![];
        for role in &roles {
            if let Some(role) = Role::parse(role) {
                known.push(role);
            } else {
                let ours = Role::ALL.map(Role::as_str).join(", ");
                keys.fault("roles", format!("{name:?} means {role:?}, which is none of {ours}"));
            }
        }
        map.insert(name, known);
    }
    map
}

fn refuse(line: impl Into<String>) -> Error {
    Error::new(Code::BadRequest, line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(issuer: &str, audience: &str, keys: Option<&str>) -> IssuerSettings {
        let text = |text: &str| Some(text.to_owned());
        let public_keys = keys.map(PathBuf::from);
        IssuerSettings { issuer: text(issuer), audience: text(audience), public_keys, ..IssuerSettings::default() }
    }

    fn refusal(settings: &IssuerSettings, environment: Environment) -> String {
        settings.terms(environment).expect_err("refused").message
    }

    fn faults(text: &str) -> Vec<String> {
        read(text, Path::new(""), Environment::Development)
            .err()
            .unwrap_or_default()
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn without_files_the_keys_come_from_the_issuer() {
        let terms =
            |keys| settings("https://id.example.com", "api", keys).terms(Environment::Production).expect("valid");
        assert_eq!(terms(None)[0].keys_at, KeysAt::Issuer);
        assert_eq!(terms(Some("keys"))[0].keys_at, KeysAt::Path("keys".into()));
        assert!(refusal(&settings("urn:issuer", "api", None), Environment::Development).contains("https://"));
        settings("urn:issuer", "api", Some("keys")).terms(Environment::Production).expect("any text with files");
        let local = settings("http://localhost:8081/realms/pmo", "api", None);
        local.terms(Environment::Development).expect("for trying out");
        assert!(refusal(&local, Environment::Production).contains("TLS"));
        assert!(
            refusal(&settings("http://id.example.com", "api", None), Environment::Development).contains("https://")
        );
    }

    #[test]
    fn half_an_issuer_is_refused() {
        let with = |issuer: Option<&str>, audience: Option<&str>, keys: Option<&str>| IssuerSettings {
            issuer: issuer.map(str::to_owned),
            audience: audience.map(str::to_owned),
            public_keys: keys.map(PathBuf::from),
            ..IssuerSettings::default()
        };
        let issuer = Some("https://id.example.com");
        for half in [
            with(issuer, None, None),
            with(None, Some("api"), None),
            with(None, None, Some("k")),
            with(issuer, Some(""), None),
        ] {
            assert!(refusal(&half, Environment::Development).contains("FOLIOGRAPH_AUDIENCE"));
        }
        assert!(refusal(&with(issuer, Some("api"), Some("")), Environment::Development).contains("PUBLIC_KEYS"));
        let wrong = IssuerSettings { roles_claim: "realm_access.".into(), ..IssuerSettings::default() };
        assert!(refusal(&wrong, Environment::Development).contains("FOLIOGRAPH_ROLES_CLAIM"));
    }

    #[test]
    fn no_issuer_has_a_name_of_ours() {
        for name in TAKEN {
            assert!(refusal(&settings(name, "api", Some("keys")), Environment::Development).contains(name));
            let file = format!("[[issuers]]\nissuer = \"{name}\"\naudience = \"api\"\npublic_keys = \"k\"");
            assert!(faults(&file)[0].contains(name), "{:?}", faults(&file));
        }
    }

    #[test]
    fn a_whole_file_is_read() {
        let text = r#"
            [[issuers]]
            issuer = "https://sso.example.com/realms/pmo"
            audience = ["foliograph", "port.folio"]
            kind = "keycloak"
            authorized_parties = ["portal"]
            roles = { "pmo-leads" = "PMO_LEAD", "board" = ["SPONSOR", "AUDITOR"] }

            [[issuers]]
            issuer = "https://login.microsoftonline.com/tenant/v2.0"
            audience = "api://foliograph"
            roles_claim = ["roles", "groups"]

            [[issuers]]
            issuer = "https://tenant.auth0.com/"
            audience = "foliograph"
            kind = "auth0"
            public_keys = "auth0.json"
        "#;
        let all = read(text, Path::new("conf"), Environment::Production).expect("read");
        let map = BTreeMap::from([
            ("board".to_owned(), vec![Role::Sponsor, Role::Auditor]),
            ("pmo-leads".to_owned(), vec![Role::PmoLead]),
        ]);
        let of_client = |client| ClaimPath::of(&["resource_access", client, "roles"]);
        assert_eq!(
            all[0],
            Terms {
                issuer: "https://sso.example.com/realms/pmo".into(),
                audiences: vec!["foliograph".into(), "port.folio".into()],
                roles_at: vec![
                    ClaimPath::of(&["realm_access", "roles"]),
                    of_client("foliograph"),
                    of_client("port.folio")
                ],
                role_map: Some(map),
                authorized_parties: vec!["portal".into()],
                keys_at: KeysAt::Issuer,
            }
        );
        assert_eq!(all[1].roles_at, [ClaimPath::of(&["roles"]), ClaimPath::of(&["groups"])]);
        assert_eq!((all[1].role_map.as_ref(), &all[2].roles_at), (None, &vec![ClaimPath::of(&["permissions"])]));
        assert_eq!(all[2].keys_at, KeysAt::Path("conf/auth0.json".into()), "beside the file");
    }

    #[test]
    fn every_mistake_is_told_at_once_with_its_key() {
        let text = r#"
            top = 1
            [[issuers]]
            issuer = "http://id.example.com"
            audience = 7
            roles_claim = ["a..b", "c"]
            roles = { "x" = "BOSS", "y" = ["ADMIN", "KING"] }
            authorized_parties = []
            kind = "okta"
            colour = "red"
            [[issuers]]
            issuer = "https://id.example.com"
            audience = []
            [[issuers]]
            issuer = "https://id.example.com"
            audience = "api"
            roles = "PMO_LEAD"
        "#;
        let told = faults(text).join("\n");
        for due in [
            "top: there is no such key",
            "issuers[1].issuer: is an address that begins with https://",
            "issuers[1].audience: a list of texts is expected, not 7",
            "issuers[1].roles_claim: \"a..b\"",
            "issuers[1].roles: \"x\" means \"BOSS\"",
            "issuers[1].roles: \"y\" means \"KING\"",
            "issuers[1].authorized_parties: names one",
            "issuers[1].kind: one of keycloak, entra, auth0",
            "issuers[1].colour: there is no such key",
            "issuers[2].audience: missing",
            "issuers[3].issuer: named already",
            "issuers[3].roles: a table such as",
        ] {
            assert!(told.contains(due), "{due} in\n{told}");
        }
        assert!(faults("[[issuers]]\nissuer = ")[0].contains("line 2"));
        assert!(faults("")[0].starts_with("issuers: missing"));
    }

    #[test]
    fn an_issuer_has_one_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("issuers.toml");
        fs::write(&path, "[[issuers]]\nissuer = \"https://id.example.com\"\naudience = \"api\"\n").expect("written");
        let file = IssuerSettings { file: Some(path.clone()), ..IssuerSettings::default() };
        assert_eq!(file.terms(Environment::Production).expect("valid").len(), 1);
        let both = IssuerSettings { file: Some(path), ..settings("https://id.example.com", "api", None) };
        assert!(refusal(&both, Environment::Development).contains("again"));
        let missing = IssuerSettings { file: Some(folder.path().join("none.toml")), ..IssuerSettings::default() };
        assert!(refusal(&missing, Environment::Development).contains("none.toml"));
    }
}
