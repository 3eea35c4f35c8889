//! Where tokens name roles: a path of claims, and what a list that did not fit into the token leaves in its place.
//! A list that was moved out of a token is never taken for an empty one.

use serde_json::{Map, Value};

/// The claims of a token.
pub type Claims = Map<String, Value>;

/// The names of claims, one inside the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimPath(Vec<String>);

/// A claim that did not fit into the token.
#[derive(Debug, PartialEq, Eq)]
pub struct Moved;

impl ClaimPath {
    /// Reads `roles`, `realm_access.roles` or `resource_access."my.client".roles`. A name that is an address, as Auth0 has
    /// them, is one name with all its dots.
    pub fn parse(text: &str) -> Option<Self> {
        if text.starts_with("https://") || text.starts_with("http://") {
            return Some(Self(vec![text.to_owned()]));
        }
        let (mut steps, mut rest) = (vec![], text);
        loop {
            let (step, after) = match rest.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"')?,
                None => rest.split_at(rest.find('.').unwrap_or(rest.len())),
            };
            if step.is_empty() || (step.contains('"') && !rest.starts_with('"')) {
                return None;
            }
            steps.push(step.to_owned());
            match after.strip_prefix('.') {
                Some(more) => rest = more,
                None if after.is_empty() => return Some(Self(steps)),
                None => return None,
            }
        }
    }

    /// A path of these names.
    pub fn of(steps: &[&str]) -> Self {
        Self(steps.iter().map(|step| (*step).to_owned()).collect())
    }

    /// The texts that a token has there: a list, or one text with blanks between. What is no text is none.
    pub fn texts<'c>(&self, claims: &'c Claims) -> Result<Vec<&'c str>, Moved> {
        if self.is_moved(claims) {
            return Err(Moved);
        }
        let mut steps = self.0.iter();
        let first = steps.next().and_then(|step| claims.get(step));
        let found = first.and_then(|first| steps.try_fold(first, |value, step| value.get(step)));
        Ok(match found {
            Some(Value::Array(texts)) => texts.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(texts)) => texts.split_whitespace().collect(),
            _ => vec![],
        })
    }

    /// Entra leaves a list that is too long out of the token, and says so in another claim.
    fn is_moved(&self, claims: &Claims) -> bool {
        let Some(first) = self.0.first() else { return false };
        let is_listed = claims.get("_claim_names").is_some_and(|moved| moved.get(first).is_some());
        let has_groups = claims.get("hasgroups").is_some_and(|has| *has != Value::Bool(false));
        is_listed || (first == "groups" && has_groups)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_is_read() {
        for (text, steps) in [
            ("roles", &["roles"][..]),
            ("realm_access.roles", &["realm_access", "roles"]),
            ("resource_access.\"my.client\".roles", &["resource_access", "my.client", "roles"]),
            ("\"a.b\"", &["a.b"]),
            ("https://example.com/roles", &["https://example.com/roles"]),
            ("urn:zitadel:iam:roles", &["urn:zitadel:iam:roles"]),
        ] {
            assert_eq!(ClaimPath::parse(text), Some(ClaimPath::of(steps)), "{text}");
        }
        for wrong in ["", ".", "a.", ".a", "a..b", "a.\"b", "a.\"\".b", "a\"b\"", "\"a\"b", "\"a\".", "a.\"b\"c"] {
            assert_eq!(ClaimPath::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn texts_are_found_in_lists_and_in_one_text() {
        let claims =
            json!({"roles": ["A", 7, "B"], "scope": "a  b", "deep": {"x.y": {"roles": ["C"]}}, "no": {"A": true}});
        let claims = claims.as_object().expect("claims");
        let texts = |path: &str| ClaimPath::parse(path).expect("a path").texts(claims);
        assert_eq!(texts("roles"), Ok(vec!["A", "B"]));
        assert_eq!(texts("scope"), Ok(vec!["a", "b"]));
        assert_eq!(texts("deep.\"x.y\".roles"), Ok(vec!["C"]));
        for none in ["deep.x.y.roles", "no", "nothing", "roles.A", "deep"] {
            assert_eq!(texts(none), Ok(vec![]), "{none}");
        }
    }

    #[test]
    fn a_list_that_was_moved_is_not_empty() {
        let groups = ClaimPath::of(&["groups"]);
        for claims in [
            json!({"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://graph.example.com"}}}),
            json!({"hasgroups": true}),
            json!({"hasgroups": "true"}),
            json!({"_claim_names": {"groups": "src1"}, "groups": ["A"]}),
        ] {
            assert_eq!(groups.texts(claims.as_object().expect("claims")), Err(Moved), "{claims}");
        }
        let other = json!({"_claim_names": {"groups": "src1"}, "hasgroups": true, "roles": ["A"]});
        assert_eq!(ClaimPath::of(&["roles"]).texts(other.as_object().expect("claims")), Ok(vec!["A"]));
        let none = json!({"hasgroups": false});
        assert_eq!(groups.texts(none.as_object().expect("claims")), Ok(vec![]));
    }
}
