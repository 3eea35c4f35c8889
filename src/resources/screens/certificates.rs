//! `certificationCoverage`: how many of some people hold each certificate, and for how long.

use futures_util::{FutureExt as _, future::BoxFuture};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{
    asked::{self, PAGE, ids, span},
    chosen::Chosen,
    conflicts::nothing,
    holdings,
    page::{self, text_of},
    people::{Wish, id, link, people, text},
};
use crate::{
    auth::Class,
    error::Error,
    graph::{
        Cell, DbValue, ListType, Param, Sql,
        decl::{Answer, Asking, denied},
    },
    resources::load::{
        Fraction, Reason,
        held::{Validity, match_certificates},
    },
    write::{Member, PlainType, Shape},
};

const NAME: &str = "certificationCoverage";

/// The field.
pub fn answer() -> Answer {
    let mut args = asked::days();
    args.extend([
        asked::FILTER,
        Member { name: "certifications", ty: "[ID!]", doc: "Only these certificates, at most 500; all if not said." },
    ]);
    args.extend(asked::page_args());
    Answer {
        name: NAME,
        doc: "How many of the chosen resources hold each certificate over some days, of those whose certificates the caller reads, in the order of the keys of the certificates.",
        args,
        ty: "CertificationCoverage",
        price: asked::price_of_rows,
        run,
    }
}

/// Its types.
pub fn types() -> Vec<PlainType> {
    let member = |name, ty, doc| Member { name, ty, doc };
    let mut whole = vec![member(
        "nodes",
        "[CertificationCoverageRow!]",
        "The certificates of this page; masked for who reads certificates of nobody.",
    )];
    whole.extend(page::members());
    vec![
        PlainType {
            name: "CertificationCoverage",
            doc: "Which certificates are held.",
            shape: Shape::Guarded(whole, &["nodes", "totalCount"]),
        },
        PlainType {
            name: "CertificationCoverageRow",
            doc: "A certificate and how it is held over the days that are asked about. Everybody stands in one of the counts from `valid` to `missing`.",
            shape: Shape::Object(vec![
                member("certification", "Certification", "The certificate."),
                member("peopleCount", "Int!", "How many resources are looked at."),
                member("valid", "Int!", "How many hold it on all days."),
                member("expiring", "Int!", "How many hold it on the first day, and no longer on the last."),
                member("notYet", "Int!", "How many hold it only from a later day on."),
                member("expired", "Int!", "How many held it before, and not on any of the days."),
                member("missing", "Int!", "How many never held it."),
                member("share", "Percent", "`valid` ÷ `peopleCount`; null where there is nobody."),
                member(
                    "nextExpiryOn",
                    "LocalDate",
                    "The earliest last day of those that are expiring; null where none is.",
                ),
            ]),
        },
    ]
}

fn run<'a>(asking: &'a mut Asking<'_, '_>) -> BoxFuture<'a, Result<Vec<Json>, Error>> {
    async move {
        let (span, chosen) = (span(asking)?, Chosen::of(asking)?);
        let only = ids(asking, "Certification", asking.argument("certifications"))?;
        let (first, after) = (asking.first(PAGE.0, PAGE.1)?, asking.after(NAME)?);
        if asking.session.caller.rights.read(Class::Person).is_empty() {
            return Ok(vec![nothing(asking, &denied(Class::Person.read()))]);
        }
        let mut sql = asking.session.sql();
        sql.push("SELECT t0.id, t0.key");
        from(&mut sql, asking, only.as_deref());
        if let Some(key) = after.as_deref().and_then(|keys| text_of(keys, 0)) {
            sql.push(" AND t0.key > ").param(Param::Const(DbValue::Text(key)));
        }
        sql.push(" ORDER BY t0.key LIMIT ").number(first + 1);
        let rows = asking.session.all(&sql.finish(), &[].into()).await?;
        let mut found: Vec<(Uuid, String)> = rows.iter().filter_map(|row| Some((id(row, 0)?, text(row, 1)?))).collect();
        let has_next = found.len() > first;
        found.truncate(first);
        let certificates: Vec<Uuid> = found.iter().map(|(id, _)| *id).collect();
        let people = people(asking, (&chosen, span), &Wish { is_known: true, ..Wish::default() }).await?;
        let held = holdings::certificates(asking, &people, &certificates).await?;
        let mut counts = vec![Counts::default(); certificates.len()];
        for person in &people {
            let held = held.get(&person.id).map_or(&[][..], Vec::as_slice);
            let stands = match_certificates(span, &certificates, held);
            counts.iter_mut().zip(stands).for_each(|(counts, (_, validity))| counts.add(validity));
        }
        let nodes: Vec<Json> =
            certificates.iter().zip(&counts).map(|(id, counts)| counts.shown(asking, *id, people.len())).collect();
        let cursors: Vec<String> = found.iter().map(|(_, key)| asking.cursor(NAME, &[Cell::Text(key)])).collect();
        let total = if asking.shows("totalCount") { Some(count(asking, only.as_deref()).await?) } else { None };
        Ok(vec![json!({
            "nodes": nodes,
            "pageInfo": page::page_info(&cursors, after.is_some(), has_next),
            "totalCount": total,
            "basis": page::basis_of(asking),
        })])
    }
    .boxed()
}

/// How a certificate is held by some people.
#[derive(Debug, Clone, Default)]
struct Counts {
    valid: u64,
    expiring: u64,
    not_yet: u64,
    expired: u64,
    missing: u64,
    next: Option<chrono::NaiveDate>,
}

impl Counts {
    fn add(&mut self, validity: Validity) {
        match validity {
            Validity::Valid => self.valid += 1,
            Validity::Expiring(last) => {
                self.expiring += 1;
                self.next = Some(self.next.map_or(last, |before| before.min(last)));
            }
            Validity::NotYet(_) => self.not_yet += 1,
            Validity::Expired(_) => self.expired += 1,
            Validity::Missing => self.missing += 1,
        }
    }

    fn shown(&self, asking: &Asking<'_, '_>, certificate: Uuid, people: usize) -> Json {
        let all = u64::try_from(people).unwrap_or(u64::MAX);
        json!({
            "certification": link(asking, "Certification", certificate),
            "peopleCount": people,
            "valid": self.valid,
            "expiring": self.expiring,
            "notYet": self.not_yet,
            "expired": self.expired,
            "missing": self.missing,
            "share": page::ratio(Fraction::of(self.valid, all, Reason::NothingExpected)),
            "nextExpiryOn": self.next.map(|day| day.to_string()),
        })
    }
}

fn from(sql: &mut Sql, asking: &Asking<'_, '_>, only: Option<&[Uuid]>) {
    let entity = asking.model.entity("Certification");
    let scopes = asking.session.caller.rights.read(entity.class);
    sql.push(" FROM certification t0 WHERE t0.archived_at IS NULL");
    if scopes.is_empty() {
        sql.push(" AND FALSE");
    }
    sql.visible(0, entity, scopes, " AND ");
    if let Some(only) = only {
        sql.push(" AND t0.id").is_any(ListType::Id, Param::Const(DbValue::Ids(only.into())));
    }
}

async fn count(asking: &mut Asking<'_, '_>, only: Option<&[Uuid]>) -> Result<i64, Error> {
    let mut sql = asking.session.sql();
    sql.push("SELECT COUNT(*)");
    from(&mut sql, asking, only);
    let rows = asking.session.all(&sql.finish(), &[].into()).await?;
    Ok(rows.first().map_or(0, |row| row.int(0)))
}
