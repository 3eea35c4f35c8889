//! API keys that every copy of the demonstration has. Their secrets are known here alone, and are no random ones.

use chrono::Duration;
use entity::{api_key, api_key_grant, person, portfolio_item};
use foliograph::auth::{Role, api_keys::Presented};
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, IntoActiveModel, QueryFilter};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::world::noon;

/// One key.
struct Known {
    key: &'static str,
    roles: &'static [Role],
    grants: &'static [&'static str],
}

/// The keys, each used at noon but the one that was revoked. A confidential item is granted to `sync-operations` by itself, to `day-one` with all below it, and one below a
/// confidential item to `sync-operations`, which that does not open. `retired` was revoked.
const KEYS: [Known; 5] = [
    Known { key: "bi-products", roles: &[Role::Integration], grants: &["PF-PRODUCTS", "PG-ERP", "PR-053"] },
    Known { key: "sync-operations", roles: &[Role::Integration], grants: &["PF-OPERATIONS", "PR-048", "PR-030"] },
    Known { key: "day-one", roles: &[Role::Finance, Role::Integration], grants: &["PG-ASTER"] },
    Known { key: "idle", roles: &[Role::Integration], grants: &[] },
    Known { key: "retired", roles: &[Role::Auditor], grants: &["PR-001"] },
];

/// What a client presents for the key of that name; none if it is no key.
pub fn text(key: &str) -> Option<String> {
    KEYS.iter().position(|known| known.key == key).map(|at| Presented::new(id(at), secret(at)).reveal())
}

/// Writes the keys.
pub async fn load(db: &DatabaseConnection) {
    let admin = person::Entity::find().filter(person::Column::Key.eq("tom.fischer")).one(db).await.expect("people");
    let admin = admin.expect("the administrator").id;
    let items = portfolio_item::Entity::find().all(db).await.expect("items");
    for (at, known) in KEYS.iter().enumerate() {
        let roles: Vec<&str> = known.roles.iter().map(|role| role.as_str()).collect();
        let made = noon() - Duration::days(2);
        let row = api_key::Model {
            id: id(at),
            key: known.key.to_owned(),
            name: format!("Key {at}"),
            secret_hash: Sha256::digest(secret(at)).to_vec(),
            roles: roles.join(","),
            access_mode: "ERROR".to_owned(),
            expires_at: (known.key != "idle").then(|| noon() + Duration::days(30)),
            revoked_at: (known.key == "retired").then(|| noon() - Duration::days(1)),
            address_ranges: (known.key == "retired").then(|| "192.0.2.0/24,2001:db8::/32".to_owned()),
            // Within the minute of the worlds' clocks: a use changes nothing behind a test's back.
            last_used_at: (known.key != "retired").then(noon),
            version: 1,
            created_at: made,
            created_by_id: Some(admin),
            updated_at: made,
            updated_by_id: Some(admin),
        };
        api_key::Entity::insert(row.into_active_model()).exec_without_returning(db).await.expect("a key");
        for (nth, granted) in known.grants.iter().enumerate() {
            let item = items.iter().find(|item| item.key == *granted).expect("an item with this key");
            let grant = api_key_grant::Model { id: id(at * 100 + 100 + nth), api_key_id: id(at), item_id: item.id };
            api_key_grant::Entity::insert(grant.into_active_model()).exec_without_returning(db).await.expect("a grant");
        }
    }
}

fn id(at: usize) -> Uuid {
    Uuid::from_u128(0x019a_5f00_0000_7000_8000_0000_0000_0000 + at as u128)
}

fn secret(at: usize) -> [u8; 32] {
    [0xa0 + u8::try_from(at).expect("a few keys"); 32]
}
