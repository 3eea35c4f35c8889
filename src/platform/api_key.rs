//! The keys of scripts and BI tools, as administrators see them. The hash of a secret is no field, so no path leads to it.

use entity::{api_key, api_key_grant};

use crate::{
    auth::Class,
    graph::decl::{Entity, EnumDecl, Field, List, RowScope, Scalar},
    people::role_assignment::ROLE,
};

/// `AccessMode`.
static ACCESS_MODE: EnumDecl = EnumDecl {
    name: "AccessMode",
    doc: "What a denied field gives.",
    values: &[
        ("MASK", "Null, and an entry in `extensions.access`."),
        ("ERROR", "Null, and an error `FIELD_FORBIDDEN`: a script does not take a masked value for none."),
    ],
};

/// `ApiKey`.
pub fn declare() -> Entity {
    use api_key::Column as C;
    Entity::new(
        "ApiKey",
        &api_key::Entity,
        Class::Sec,
        RowScope::Directory,
        "A key that a script or a BI tool presents. Its secret was shown once, when it was made or last rotated.",
    )
    .node("key", "apiKey", "apiKeys")
    .keyed(C::Key, "The human key, such as `power-bi-finance`; unique among API keys. Made from the name if not said.")
    .with_default_key()
    .fields([
        Field::scalar("name", Scalar::String, C::Name, "What the key is for.").required().written().longest(200),
        Field::choices("roles", &ROLE, C::Roles, "The roles of whoever presents the key.").required().written(),
        Field::choice(
            "accessMode",
            &ACCESS_MODE,
            C::AccessMode,
            "What a denied field gives where the request has no header `X-Access-Mode`; ERROR if not said.",
        )
        .required()
        .written()
        .defaulted(),
        Field::scalar("expiresAt", Scalar::DateTime, C::ExpiresAt, "From then on the key is refused; null for no end.")
            .written(),
        Field::texts(
            "addressRanges",
            C::AddressRanges,
            "The ranges of network addresses that the key is taken from, such as `192.0.2.0/24`, `2001:db8::/32` or a single \
             address, at most 100; null for anywhere.",
        )
        .written(),
        Field::scalar(
            "lastUsedAt",
            Scalar::DateTime,
            C::LastUsedAt,
            "When the key was presented last and taken, to the minute; null for never. It is no change of the key: `version` \
             and `updatedAt` stay.",
        ),
        Field::scalar(
            "revokedAt",
            Scalar::DateTime,
            C::RevokedAt,
            "Since when the key is refused for good; null while it is not.",
        ),
        Field::many(
            "grants",
            "ApiKeyGrant",
            api_key_grant::Column::ApiKeyId,
            "The items that the key is given, each with all below it: its scope GRANT.",
        ),
    ])
    .list(List {
        name: "grants",
        item: "ApiKeyGrant",
        members: super::write::granted_item(),
        class: Class::Sec,
        doc: "The items that the key is given, each with all below it.",
    })
    .audited()
}

/// `ApiKeyGrant`.
pub fn declare_grant() -> Entity {
    use api_key_grant::Column as C;
    Entity::new(
        "ApiKeyGrant",
        &api_key_grant::Entity,
        Class::Sec,
        RowScope::Directory,
        "An item that an API key is given, with all below it. A confidential item is given only by a grant of its own.",
    )
    .node("kgr", "apiKeyGrant", "apiKeyGrants")
    .fields([
        Field::one("apiKey", C::ApiKeyId, "ApiKey", "The key."),
        Field::one(
            "item",
            C::ItemId,
            "PortfolioItem",
            "The portfolio, program or project; null when the caller cannot see it.",
        ),
    ])
    .unfollowed()
}
