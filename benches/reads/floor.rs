//! The floor: what somebody would write by hand for these three queries alone. Statements prepared once on connections
//! that are kept, binary rows written straight into the answer, and nothing else: no token, no rights, no GraphQL, no log.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{Router, body::Bytes, extract::State, http::header, response::IntoResponse, routing::post};
use futures_util::TryStreamExt as _;
use serde::Deserialize;
use sqlx::{
    Arguments as _, ConnectOptions as _, Connection as _, Row as _, ValueRef as _,
    postgres::{PgArguments, PgConnectOptions, PgConnection, PgRow},
};
use tokio::sync::Semaphore;

use super::queries::Query;

/// A step of writing a row; numbers are columns.
enum Step {
    Lit(&'static str),
    Id(usize),
    Text(usize),
    Int(usize),
    Version(usize),
    Date(usize),
    Instant(usize),
    Decimal(usize),
}

/// How a query's answer is written.
struct Shape {
    head: &'static str,
    row: Vec<Step>,
    tail: &'static str,
}

/// The floor's state.
pub struct Floor {
    options: PgConnectOptions,
    idle: Mutex<Vec<PgConnection>>,
    permits: Semaphore,
    shapes: [Shape; 3],
}

#[derive(Deserialize)]
struct Asked<'a> {
    #[serde(rename = "operationName")]
    operation: &'a str,
    #[serde(borrow)]
    variables: Variables<'a>,
}

#[derive(Deserialize)]
struct Variables<'a> {
    id: Option<&'a str>,
    sponsor: Option<&'a str>,
}

/// The routes over a database.
pub fn router(url: &str, connections: usize) -> Router {
    let options: PgConnectOptions = url.parse().expect("an address");
    let floor = Floor {
        options: options.disable_statement_logging(),
        idle: Mutex::default(),
        permits: Semaphore::new(connections),
        shapes: Query::ALL.map(shape),
    };
    Router::new().route("/graphql", post(answer)).with_state(Arc::new(floor))
}

async fn answer(State(floor): State<Arc<Floor>>, body: Bytes) -> impl IntoResponse {
    let asked: Asked = serde_json::from_slice(&body).expect("a request of ours");
    let query = Query::ALL.into_iter().find(|q| q.name() == asked.operation).expect("a query of ours");
    let mut arguments = PgArguments::default();
    if let Some(id) = asked.variables.id {
        arguments.add(foliograph::graph::parse_id(id).expect("an id").1).expect("bound");
    }
    if let Some(key) = asked.variables.sponsor {
        arguments.add(key).expect("bound");
    }
    let _permit = floor.permits.acquire().await.expect("open");
    let idle = floor.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let mut connection = match idle {
        Some(connection) => connection,
        None => PgConnection::connect_with(&floor.options).await.expect("connected"),
    };
    let shape = &floor.shapes[query as usize];
    let mut out = Vec::with_capacity(1_024);
    out.extend_from_slice(shape.head.as_bytes());
    let mut rows = sqlx::query_with(query.sql(), arguments).fetch(&mut connection);
    let mut is_first = true;
    while let Some(row) = rows.try_next().await.expect("a row") {
        if !std::mem::take(&mut is_first) {
            out.push(b',');
        }
        shape.row.iter().for_each(|step| write(&mut out, step, &row));
    }
    drop(rows);
    floor.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    out.extend_from_slice(shape.tail.as_bytes());
    ([(header::CONTENT_TYPE, "application/json")], out)
}

fn shape(query: Query) -> Shape {
    use Step::{Date, Decimal, Id, Instant, Int, Lit, Text, Version};
    match query {
        Query::Point => Shape {
            head: r#"{"data":{"project":"#,
            row: vec![
                Lit(r#"{"id":"#),
                Id(0),
                Lit(r#","key":"#),
                Text(1),
                Lit(r#","name":"#),
                Text(2),
                Lit(r#","description":"#),
                Text(3),
                Lit(r#","state":"#),
                Text(4),
                Lit(r#","category":"#),
                Text(5),
                Lit(r#","priority":"#),
                Int(6),
                Lit(r#","baseCurrency":"#),
                Text(7),
                Lit(r#","projectType":"#),
                Text(8),
                Lit(r#","methodology":"#),
                Text(9),
                Lit(r#","phase":"#),
                Text(10),
                Lit(r#","plannedStartOn":"#),
                Date(11),
                Lit(r#","plannedFinishOn":"#),
                Date(12),
                Lit(r#","budget":{"amount":"#),
                Decimal(13),
                Lit(r#","currency":"#),
                Text(7),
                Lit("}}"),
            ],
            tail: "}}",
        },
        Query::List => Shape {
            head: r#"{"data":{"projects":{"nodes":["#,
            row: vec![
                Lit(r#"{"key":"#),
                Text(0),
                Lit(r#","name":"#),
                Text(1),
                Lit(r#","state":"#),
                Text(2),
                Lit(r#","priority":"#),
                Int(3),
                Lit(r#","plannedFinishOn":"#),
                Date(4),
                Lit(r#","budget":{"amount":"#),
                Decimal(5),
                Lit(r#","currency":"#),
                Text(6),
                Lit(r#"},"portfolio":{"name":"#),
                Text(7),
                Lit(r#"},"projectManager":{"displayName":"#),
                Text(8),
                Lit("}}"),
            ],
            tail: "]}}}",
        },
        Query::Bulk => Shape {
            head: r#"{"data":{"projects":{"nodes":["#,
            row: vec![
                Lit(r#"{"id":"#),
                Id(0),
                Lit(r#","key":"#),
                Text(1),
                Lit(r#","name":"#),
                Text(2),
                Lit(r#","description":"#),
                Text(3),
                Lit(r#","state":"#),
                Text(4),
                Lit(r#","category":"#),
                Text(5),
                Lit(r#","priority":"#),
                Int(6),
                Lit(r#","confidentiality":"#),
                Text(7),
                Lit(r#","baseCurrency":"#),
                Text(8),
                Lit(r#","projectType":"#),
                Text(9),
                Lit(r#","methodology":"#),
                Text(10),
                Lit(r#","phase":"#),
                Text(11),
                Lit(r#","plannedStartOn":"#),
                Date(12),
                Lit(r#","plannedFinishOn":"#),
                Date(13),
                Lit(r#","forecastStartOn":"#),
                Date(14),
                Lit(r#","forecastFinishOn":"#),
                Date(15),
                Lit(r#","actualStartOn":"#),
                Date(16),
                Lit(r#","version":"#),
                Version(17),
                Lit(r#","createdAt":"#),
                Instant(18),
                Lit(r#","updatedAt":"#),
                Instant(19),
                Lit("}"),
            ],
            tail: "]}}}",
        },
    }
}

fn write(out: &mut Vec<u8>, step: &Step, row: &PgRow) {
    let at = match step {
        Step::Lit(text) => return out.extend_from_slice(text.as_bytes()),
        Step::Id(at)
        | Step::Text(at)
        | Step::Int(at)
        | Step::Version(at)
        | Step::Date(at)
        | Step::Instant(at)
        | Step::Decimal(at) => *at,
    };
    let raw = row.try_get_raw(at).expect("a column of the statement");
    if raw.is_null() {
        return out.extend_from_slice(b"null");
    }
    let bytes = raw.as_bytes().expect("binary");
    let mut number = itoa::Buffer::new();
    match step {
        Step::Lit(_) => {}
        Step::Int(_) => out.extend_from_slice(number.format(int4(bytes)).as_bytes()),
        Step::Text(_) => text(out, bytes),
        _ => {
            out.push(b'"');
            match step {
                Step::Id(_) => project_id(out, bytes),
                Step::Version(_) => out.extend_from_slice(number.format(int8(bytes)).as_bytes()),
                Step::Date(_) => date(out, int4(bytes)),
                Step::Instant(_) => instant(out, int8(bytes)),
                // Budgets of the data set are whole.
                Step::Decimal(_) => out.extend_from_slice(number.format(int8(bytes) / 10_000).as_bytes()),
                Step::Lit(_) | Step::Int(_) | Step::Text(_) => {}
            }
            out.push(b'"');
        }
    }
}

fn int4(bytes: &[u8]) -> i32 {
    i32::from_be_bytes(bytes.try_into().expect("four bytes"))
}

fn int8(bytes: &[u8]) -> i64 {
    i64::from_be_bytes(bytes.try_into().expect("eight bytes"))
}

fn project_id(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(b"prj_");
    let mut bits = u128::from_be_bytes(bytes.try_into().expect("an id"));
    for _ in 0..26 {
        out.push(b"0123456789abcdefghjkmnpqrstvwxyz"[(bits >> 123) as usize]);
        bits <<= 5;
    }
}

fn text(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    let mut from = 0;
    for (i, byte) in bytes.iter().enumerate() {
        if *byte >= 0x20 && *byte != b'"' && *byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[from..i]);
        from = i + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            byte => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
        }
    }
    out.extend_from_slice(&bytes[from..]);
    out.push(b'"');
}

fn digits(out: &mut Vec<u8>, value: i64, width: usize) {
    let mut text = [b'0'; 4];
    let mut rest = value;
    for at in (0..width).rev() {
        text[at] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
    out.extend_from_slice(&text[..width]);
}

/// Days since 2000-01-01 as a civil date.
fn date(out: &mut Vec<u8>, days: i32) {
    let z = i64::from(days) + 10_957 + 719_468;
    let (era, of_era) = (z.div_euclid(146_097), z.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    digits(out, year_of_era + era * 400 + i64::from(month <= 2), 4);
    out.push(b'-');
    digits(out, month, 2);
    out.push(b'-');
    digits(out, day, 2);
}

fn instant(out: &mut Vec<u8>, micros: i64) {
    let millis = micros.div_euclid(1_000);
    let (days, of_day) = (millis.div_euclid(86_400_000), millis.rem_euclid(86_400_000));
    date(out, i32::try_from(days).unwrap_or(0));
    for (mark, value, width) in [
        (b'T', of_day / 3_600_000, 2),
        (b':', of_day / 60_000 % 60, 2),
        (b':', of_day / 1_000 % 60, 2),
        (b'.', of_day % 1_000, 3),
    ] {
        out.push(mark);
        digits(out, value, width);
    }
    out.push(b'Z');
}
