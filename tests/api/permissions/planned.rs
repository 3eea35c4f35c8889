//! Strategy, money, reports and benefits for the tests of mutations: a row for each step to be taken with, all of PR-001,
//! and who may take it. Who may is written out here from the published rules, never taken from the policy.

use std::collections::BTreeSet;

use foliograph::{
    auth::{Role, Scopes},
    graph::encode_id,
    write::{Mutation, Verb},
};
use sea_orm::{ConnectionTrait, DatabaseConnection};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    expected::{Eyes, Row, Rows},
    planned_rows::READY,
    ready,
    writes::set,
};

/// The project that all of it belongs to: Marc runs it.
pub const PROJECT: &str = "PR-001";

/// The id of a row that stands ready.
fn id(number: u128) -> Uuid {
    ready::id(number)
}

/// Puts the rows there.
pub async fn prepare(db: &DatabaseConnection, rows: &Rows) {
    ready::insert(db, READY, rows.item_by_key(PROJECT), &rows.items, &rows.people).await;
    // Something is left to be moved away: the demonstration's lines say what all of it is for.
    let more = "UPDATE budget SET amount = amount + 10000 WHERE state = 'APPROVED'";
    db.execute_unprepared(more).await.expect("more money");
}

/// A file to import.
const FILE: &str = "year,project_number,project_name,department,report_category,description_aims,colour_rating,rating_comment,start_date,end_date,schedule_comment,total_baseline,yearly_forecast,variance_comment,wlc_baseline_incl_NCG,budget_comment\n2021,P1,One,CO,ICT,Aims,Amber,,2020-01-01,2022-01-01,,1,1,,2,\n";

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// Whether a mutation is of these slices.
pub fn has(mutation: &Mutation) -> bool {
    target(mutation).is_some() || matches!(mutation.name.as_str(), "budgetTransfer" | "importRun")
}

/// The row that a mutation is about, or that a new one is made like: its number.
fn target(mutation: &Mutation) -> Option<u128> {
    let old = mutation.verb == Verb::Unarchive;
    Some(match (mutation.entity, mutation.name.as_str()) {
        ("FiscalCalendar", _) => {
            if old {
                2
            } else {
                1
            }
        }
        (_, "fiscalPeriodReopen") => 5,
        ("FiscalPeriod", _) => {
            if old {
                4
            } else {
                3
            }
        }
        ("CostCategory", _) => {
            if old {
                7
            } else {
                6
            }
        }
        ("StrategicObjective", _) => {
            if old {
                10
            } else {
                8
            }
        }
        ("ObjectiveContribution", _) => {
            if old {
                12
            } else {
                11
            }
        }
        (_, "budgetApprove" | "budgetReject") => 21,
        (_, "budgetTransfer") => return None,
        ("Budget", _) => {
            if old {
                22
            } else {
                20
            }
        }
        ("BudgetLine", _) => 23,
        ("Forecast", _) => {
            if old {
                31
            } else {
                30
            }
        }
        ("ForecastLine", _) => 32,
        (_, "statusReportReturn" | "statusReportPublish") => 42,
        (_, "statusReportArchive") => 43,
        ("StatusReport", _) => {
            if old {
                44
            } else {
                40
            }
        }
        ("RagAssessment", _) => 41,
        ("Benefit", _) => {
            if old {
                51
            } else {
                50
            }
        }
        ("FxRateSet", _) => {
            if old {
                61
            } else {
                60
            }
        }
        ("FxRate", _) => {
            if old {
                63
            } else {
                62
            }
        }
        (_, "costPlanApprove" | "costPlanReject") => 71,
        ("CostPlan", _) => {
            if old {
                72
            } else {
                70
            }
        }
        ("CostPlanLine", _) => 73,
        (_, "commitmentArchive") => 82,
        ("Commitment", _) => {
            if old {
                81
            } else {
                80
            }
        }
        ("Actual", _) => 90,
        ("KpiDefinition", _) => 100 + u128::from(old),
        ("KpiThreshold", _) => 110 + u128::from(old),
        ("KpiTarget", _) => 120 + u128::from(old),
        ("KpiPosting", _) => 130,
        ("AlertRule", _) => 140 + u128::from(old),
        ("Alert", _) => 150,
        ("BenefitPlanPoint", _) => 52,
        ("BenefitContribution", _) => 53,
        _ => return None,
    })
}

/// An input that works for whom the mutation is for.
pub fn input_of(mutation: &Mutation, rows: &Rows) -> Value {
    let project = encode_id("prj", rows.item_by_key(PROJECT).id);
    let money = |amount: &str| json!({ "amount": amount, "currency": "EUR" });
    let of = |prefix: &str, number: u128| encode_id(prefix, id(number));
    if mutation.name == "importRun" {
        return json!({ "format": "UK_GMPP", "base64": base64(FILE), "fileName": "one.csv" });
    }
    if mutation.name == "budgetTransfer" {
        let other = encode_id("prj", rows.item_by_key("PR-002").id);
        return json!({ "moves": [{ "itemId": project, "amount": money("-1") }, { "itemId": other, "amount": money("1") }] });
    }
    let (patch, new) = match mutation.entity {
        "FiscalCalendar" => (json!({ "name": "Other" }), json!({ "key": "CAL-NEW", "name": "New" })),
        "FiscalPeriod" => (
            json!({ "name": "Other" }),
            json!({ "key": "P-NEW", "name": "New", "calendarKey": "CAL", "kind": "YEAR", "startOn": "2033-01-01", "endOn": "2033-12-31" }),
        ),
        "CostCategory" => (json!({ "name": "Other" }), json!({ "key": "CAT-NEW", "name": "New" })),
        "StrategicObjective" => {
            (json!({ "title": "Other" }), json!({ "key": "OBJ-NEW", "title": "New", "weight": "1" }))
        }
        "ObjectiveContribution" => {
            (json!({ "rationale": "Other" }), json!({ "itemId": project, "objectiveKey": "OBJ-2", "rating": "LOW" }))
        }
        "Budget" => (json!({ "fundingSource": "Other" }), json!({ "itemId": project, "amount": money("1") })),
        "BudgetLine" => (
            json!({ "note": "Other" }),
            json!({ "budgetId": of("bud", 20), "periodKey": "P-OPEN", "amount": money("0") }),
        ),
        "Forecast" => (json!({ "note": "Other" }), json!({ "itemId": project, "asOfOn": "2031-02-01" })),
        "ForecastLine" => (
            json!({ "note": "Other" }),
            json!({ "forecastId": of("fct", 30), "periodKey": "P-OPEN", "amount": money("0") }),
        ),
        "StatusReport" => {
            (json!({ "periodStartOn": "2031-01-01" }), json!({ "itemId": project, "periodEndOn": "2031-03-31" }))
        }
        "RagAssessment" => {
            (json!({ "declared": "RED" }), json!({ "reportId": of("srp", 40), "dimension": "COST", "declared": "RED" }))
        }
        "Benefit" => (
            json!({ "title": "Other" }),
            json!({ "key": "BEN-X", "itemId": project, "title": "X", "kind": "QUALITATIVE", "ownerKey": "simon.tait" }),
        ),
        "FxRateSet" => (json!({ "name": "Other" }), json!({ "key": "FX-NEW", "name": "New", "rateType": "SPOT" })),
        "FxRate" => (
            json!({ "rate": "2" }),
            json!({ "rateSetKey": "FX", "fromCurrency": "EUR", "toCurrency": "USD", "rate": "1.1", "validFromOn": "2031-01-01" }),
        ),
        "CostPlan" => (json!({ "description": "Other" }), json!({ "itemId": project, "name": "New" })),
        "CostPlanLine" => (
            json!({ "note": "Other" }),
            json!({ "costPlanId": of("cpl", 70), "periodKey": "P-OPEN", "categoryKey": "CAT", "source": "LABOR", "amount": money("1") }),
        ),
        "Commitment" => (
            json!({ "title": "Other" }),
            json!({ "itemId": project, "title": "New", "categoryKey": "CAT", "committed": money("1"), "committedOn": "2031-01-01" }),
        ),
        // What is posted never changes, so a list makes what is new to it.
        "Actual" => (
            Value::Null,
            json!({ "itemId": project, "occurredOn": "2031-02-02", "calendarKey": "CAL", "categoryKey": "CAT", "source": "NON_LABOR", "amount": money("1") }),
        ),
        "BenefitPlanPoint" => (
            json!({ "note": "Other" }),
            json!({ "benefitId": of("ben", 50), "periodKey": "P-NEXT", "amount": money("1") }),
        ),
        "BenefitContribution" => (
            json!({ "rationale": "Other" }),
            json!({ "benefitId": of("ben", 50), "contributorId": encode_id("prj", rows.item_by_key("PR-003").id), "share": "0.1" }),
        ),
        "KpiDefinition" => (
            json!({ "name": "Other" }),
            json!({ "key": "NEW", "name": "New", "description": "New", "kind": "FORMULA", "formula": "AC", "unit": "MONEY", "direction": "UP" }),
        ),
        "KpiThreshold" => (
            json!({ "note": "Other" }),
            json!({ "itemId": project, "kpiKey": "MADE", "validFromOn": "2032-01-01", "greenFrom": "1" }),
        ),
        "KpiTarget" => (
            json!({ "note": "Other" }),
            json!({ "itemId": project, "kpiKey": "MADE", "targetOn": "2032-01-01", "value": "1" }),
        ),
        "KpiPosting" => {
            (Value::Null, json!({ "itemId": project, "kpiKey": "POSTED", "effectiveOn": "2032-01-01", "value": "1" }))
        }
        "AlertRule" => (json!({ "name": "Other" }), json!({ "itemId": project, "kpiKey": "MADE", "name": "New" })),
        "Alert" => (Value::Null, Value::Null),
        other => panic!("{other} is new: say here what works"),
    };
    let prefix = foliograph::app::model().entity(mutation.entity).prefix.expect("a prefix");
    let whole = json!({ "id": of(prefix, target(mutation).expect("a row")), "ifVersion": "*" });
    let with = |member: &str, value: Value| {
        let mut input = whole.clone();
        input[member] = value;
        input
    };
    let row = json!({ "ref": { "id": whole["id"] }, "ifVersion": "*", "patch": patch });
    match mutation.verb {
        Verb::Create => new,
        Verb::BulkCreate => json!({ "items": [new] }),
        Verb::Update => with("patch", patch),
        Verb::BulkUpsert if mutation.entity == "Actual" => {
            json!({ "items": [{ "ref": { "external": { "system": "SAP", "id": "NEW" } }, "patch": new }] })
        }
        Verb::BulkUpdate | Verb::BulkUpsert => json!({ "items": [row] }),
        Verb::Act if mutation.name == "actualReverse" => {
            let mut input = with("reason", json!("Wrong"));
            input["occurredOn"] = json!("2031-03-01");
            input
        }
        Verb::BulkAct => json!({
            "items": [{ "ref": { "id": whole["id"] }, "ifVersion": "*", "reason": "Wrong", "occurredOn": "2031-03-01" }]
        }),
        Verb::Act if mutation.name == "benefitStateAdvance" => with("to", json!("WITHDRAWN")),
        Verb::Archive | Verb::Unarchive | Verb::Delete | Verb::Act | Verb::Other => whole,
    }
}

/// The codes that a caller is refused with; none where it is done.
pub fn refusal(mutation: &Mutation, eyes: &Eyes<'_>, rows: &Rows) -> Option<BTreeSet<String>> {
    let is = |role| eyes.roles.contains(&role);
    if mutation.name == "importRun" {
        return if is(Role::PmoLead) { None } else { Some(set(&["FORBIDDEN"])) };
    }
    let project = rows.item_by_key(PROJECT);
    let office = is(Role::PmoLead);
    let own =
        is(Role::ProjectManager) && project.project_manager_id.is_some() && project.project_manager_id == eyes.person;
    let granted = is(Role::Integration) && eyes.holds(Scopes::GRANT, project);
    let sponsors = is(Role::Sponsor) && eyes.holds(Scopes::SPON, project);
    let forbidden = || Some(set(&["FORBIDDEN"]));
    let missing = || Some(set(&["NOT_FOUND"]));
    let name = mutation.name.as_str();
    let is_new = matches!(mutation.verb, Verb::Create | Verb::BulkCreate);
    let sees_item = eyes.sees(Row::Item(project));
    let sees_references = eyes.visible("CostCategory").len() >= 2;
    let sees_money = office || own || granted || sponsors || is(Role::Finance) || is(Role::Auditor);
    let writers = is(Role::PmoLead) || is(Role::ProjectManager) || is(Role::Integration);
    // Whom the mutation is for, who sees its row, and who is refused without a look at it.
    let (may, sees, gate) = match mutation.entity {
        "FiscalCalendar" | "FiscalPeriod" | "CostCategory" | "StrategicObjective" | "FxRateSet" | "FxRate" => {
            let may = office || (mutation.entity != "StrategicObjective" && is(Role::Finance));
            if is_new {
                // The key of a calendar or a set that she cannot see leads nowhere.
                let lost = matches!(mutation.entity, "FiscalPeriod" | "FxRate") && !sees_references;
                return match (may, lost) {
                    (true, _) => None,
                    (false, true) => Some(set(&["FORBIDDEN", "NOT_FOUND"])),
                    (false, false) => forbidden(),
                };
            }
            (may, sees_references, true)
        }
        "KpiDefinition" if is_new => return if office { None } else { forbidden() },
        "KpiDefinition" => (office, sees_references, true),
        "KpiPosting" => (office || own || granted, sees_item && sees_references, true),
        "Alert" => (office, eyes.visible("Alert").iter().any(|row| row.id() == id(150)), true),
        "ObjectiveContribution" | "KpiThreshold" | "KpiTarget" | "AlertRule" => {
            let sees = rows_of_item(eyes, rows);
            let sees = if is_new { sees_item && sees_references } else { sees };
            (office, sees, true)
        }
        "Budget" if matches!(name, "budgetApprove" | "budgetReject") => (office || sponsors, sees_money, true),
        "Budget" | "BudgetLine" => {
            let may = office || own || is(Role::Finance);
            let by_item = name == "budgetTransfer" || (mutation.entity == "Budget" && is_new);
            (may, if by_item { sees_item } else { sees_money }, true)
        }
        "CostPlan" if matches!(name, "costPlanApprove" | "costPlanReject") => (office || sponsors, sees_money, true),
        "CostPlan" if name == "costPlanSubmit" => (own || is(Role::Finance), sees_money, true),
        "Commitment" | "Actual" => {
            let makes = is_new || name == "actualBulkUpsert";
            let hers = granted || is(Role::Finance);
            (hers, if makes { sees_item } else { hers }, is(Role::Finance) || is(Role::Integration))
        }
        "Forecast" if name == "forecastPublish" => (office || own || is(Role::Finance), sees_money, true),
        "Forecast" | "ForecastLine" | "CostPlan" | "CostPlanLine" => {
            let gate = is(Role::ProjectManager) || is(Role::Finance) || is(Role::Integration);
            let by_item = matches!(mutation.entity, "Forecast" | "CostPlan") && is_new;
            (own || granted || is(Role::Finance), if by_item { sees_item } else { sees_money }, gate)
        }
        "StatusReport" | "RagAssessment" => {
            let hers = office || own || granted;
            let is_told = matches!(name, "statusReportArchive" | "statusReportUnarchive");
            let sees = match () {
                () if is_told => rows_of_item(eyes, rows),
                () if is_new && mutation.entity == "StatusReport" => sees_item,
                () => hers,
            };
            let step = matches!(name, "statusReportSubmit" | "statusReportReturn" | "statusReportPublish");
            let may = match name {
                "statusReportSubmit" => own,
                _ if step => office || own,
                _ => hers,
            };
            (may, sees, step || writers)
        }
        "Benefit" | "BenefitPlanPoint" | "BenefitContribution" => {
            let step = name == "benefitStateAdvance";
            let reads = office
                || own
                || granted
                || sponsors
                || is(Role::Finance)
                || is(Role::Auditor)
                || (is(Role::Analyst) && eyes.holds(Scopes::PF, project));
            let sees = if mutation.entity == "Benefit" && is_new { sees_item && sees_people(eyes) } else { reads };
            let may = if step { office || sponsors } else { office || own || granted };
            (may, sees, step || writers)
        }
        other => panic!("{other} is new: say here who may"),
    };
    match (gate, sees, may) {
        (false, ..) => forbidden(),
        (_, false, _) => missing(),
        (_, _, false) => forbidden(),
        (_, _, true) => None,
    }
}

/// Whether she sees rows of class BASIC that belong to the project: an item's state counts for the item alone.
fn rows_of_item(eyes: &Eyes<'_>, rows: &Rows) -> bool {
    eyes.visible("StatusReport").iter().any(|row| row.id() == id(43)) && rows.item_by_key(PROJECT).archived_at.is_none()
}

fn sees_people(eyes: &Eyes<'_>) -> bool {
    !eyes.visible("Person").is_empty()
}
