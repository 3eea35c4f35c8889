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
    ready::{self, Ready},
    writes::set,
};

/// The project that all of it belongs to: Marc runs it.
pub const PROJECT: &str = "PR-001";

/// Rows for each step.
const READY: &[Ready] = &[
    (1, "fiscal_calendar", "key='CAL', name='Calendar', name_fold='calendar'"),
    (2, "fiscal_calendar", "key='CAL-OLD', name='Old', name_fold='old', archived_at=@NOW"),
    (
        3,
        "fiscal_period",
        "calendar_id=@1, key='P-OPEN', name='2031', kind='YEAR', start_on='2031-01-01', end_on='2031-12-31', state='OPEN'",
    ),
    (
        4,
        "fiscal_period",
        "calendar_id=@1, key='P-OLD', name='2029', kind='YEAR', start_on='2029-01-01', end_on='2029-12-31', state='OPEN', archived_at=@NOW",
    ),
    (
        5,
        "fiscal_period",
        "calendar_id=@1, key='P-CLOSED', name='2030', kind='YEAR', start_on='2030-01-01', end_on='2030-12-31', state='CLOSED'",
    ),
    (
        13,
        "fiscal_period",
        "calendar_id=@1, key='P-NEXT', name='2032', kind='YEAR', start_on='2032-01-01', end_on='2032-12-31', state='OPEN'",
    ),
    (6, "cost_category", "key='CAT', name='Category', name_fold='category', is_capex_allowed=TRUE"),
    (7, "cost_category", "key='CAT-OLD', name='Old', name_fold='old', is_capex_allowed=FALSE, archived_at=@NOW"),
    (
        8,
        "strategic_objective",
        "key='OBJ', title='One', title_fold='one', state='ACTIVE', weight=1000000000, share=500000000",
    ),
    (
        9,
        "strategic_objective",
        "key='OBJ-2', title='Two', title_fold='two', state='ACTIVE', weight=1000000000, share=500000000",
    ),
    (
        10,
        "strategic_objective",
        "key='OBJ-OLD', title='Old', title_fold='old', state='DROPPED', weight=0, archived_at=@NOW",
    ),
    (11, "objective_contribution", "@SCOPE, objective_id=@8, rating='LOW'"),
    (
        12,
        "objective_contribution",
        "@SCOPE, objective_id=@9, rating='LOW', valid_to_on='2001-01-01', valid_from_on='2001-01-01', archived_at=@NOW",
    ),
    (20, "budget", "@SCOPE, revision=901, state='DRAFT', currency='EUR', amount=10000, allocated_amount=0"),
    (
        21,
        "budget",
        "@SCOPE, revision=902, state='SUBMITTED', currency='EUR', amount=10000, allocated_amount=0, submitted_at=@NOW, submitted_principal='somebody'",
    ),
    (
        22,
        "budget",
        "@SCOPE, revision=900, state='REJECTED', currency='EUR', amount=10000, allocated_amount=0, archived_at=@NOW",
    ),
    (23, "budget_line", "@SCOPE, budget_id=@20, period_id=@3, category_id=@6, currency='EUR', amount=0"),
    (
        30,
        "forecast",
        "@SCOPE, revision=901, state='DRAFT', as_of_on='2031-01-01', currency='EUR', amount=10000, allocated_amount=0",
    ),
    (
        31,
        "forecast",
        "@SCOPE, revision=900, state='SUPERSEDED', as_of_on='2001-01-01', currency='EUR', allocated_amount=0, archived_at=@NOW",
    ),
    (32, "forecast_line", "@SCOPE, forecast_id=@30, period_id=@3, category_id=@6, currency='EUR', amount=0"),
    (40, "status_report", "@SCOPE, is_draft=TRUE, state='DRAFT', period_end_on='2031-01-31'"),
    (
        41,
        "rag_assessment",
        "@SCOPE, report_id=@40, is_draft=TRUE, period_end_on='2031-01-31', dimension='OVERALL', assessor='PROJECT_MANAGER', declared='GREEN'",
    ),
    (42, "status_report", "@SCOPE, is_draft=TRUE, state='SUBMITTED', period_end_on='2031-02-28'"),
    (43, "status_report", "@SCOPE, is_draft=FALSE, state='SUPERSEDED', period_end_on='2001-01-31'"),
    (44, "status_report", "@SCOPE, is_draft=FALSE, state='SUPERSEDED', period_end_on='2001-02-28', archived_at=@NOW"),
    (
        50,
        "benefit",
        "@SCOPE, is_draft=TRUE, key='BEN-NEW', title='New', title_fold='new', kind='QUALITATIVE', polarity='BENEFIT', state='IDENTIFIED', owner_id=@PERSON, currency='EUR', planned_amount=0",
    ),
    (
        51,
        "benefit",
        "@SCOPE, is_draft=TRUE, key='BEN-OLD', title='Old', title_fold='old', kind='QUALITATIVE', polarity='BENEFIT', state='IDENTIFIED', owner_id=@PERSON, currency='EUR', planned_amount=0, archived_at=@NOW",
    ),
    (
        52,
        "benefit_plan_point",
        "@SCOPE, benefit_id=@50, is_draft=TRUE, owner_id=@PERSON, period_id=@3, currency='EUR', amount=0",
    ),
    (
        53,
        "benefit_contribution",
        "@SCOPE, benefit_id=@50, is_draft=TRUE, owner_id=@PERSON, contributor_id=@OTHER, share=1",
    ),
    (
        60,
        "benefit",
        "@SCOPE, is_draft=FALSE, key='BEN-HAD', title='Had', title_fold='had', kind='FINANCIAL_CASHABLE', polarity='BENEFIT', state='REALIZING', owner_id=@PERSON, currency='EUR', planned_amount=0",
    ),
    (
        61,
        "benefit_measure",
        "@SCOPE, benefit_id=@50, is_draft=TRUE, owner_id=@PERSON, key='BME-NEW', title='New', title_fold='new', unit='%', direction='UP', frequency='MONTHLY', first_due_on='2026-01-31'",
    ),
    (
        62,
        "benefit_measure",
        "@SCOPE, benefit_id=@60, is_draft=FALSE, owner_id=@PERSON, key='BME-HAD', title='Had', title_fold='had', unit='%', direction='UP', frequency='ONCE', first_due_on='2026-01-31', baseline_value=0, baseline_on='2026-01-01', target_value=1, target_on='2026-12-31'",
    ),
    (
        63,
        "benefit_measure_point",
        "@SCOPE, benefit_id=@50, measure_id=@61, is_draft=TRUE, owner_id=@PERSON, due_on='2026-01-31', value=0",
    ),
    (
        64,
        "benefit_actual",
        "@SCOPE, benefit_id=@60, measure_id=@62, is_draft=FALSE, owner_id=@PERSON, attributed_item_id=@ITEM, attribution_share=1, measured_on='2026-01-31', value=1, currency='EUR', state='RECORDED', recorded_at=@NOW, recorded_principal='somebody'",
    ),
    (
        65,
        "benefit_actual",
        "@SCOPE, benefit_id=@60, measure_id=@62, is_draft=FALSE, owner_id=@PERSON, attributed_item_id=@ITEM, attribution_share=1, measured_on='2026-02-01', value=1, currency='EUR', state='VALIDATED', recorded_at=@NOW, recorded_principal='somebody', validated_at=@NOW",
    ),
    (
        66,
        "benefit_review",
        "@SCOPE, benefit_id=@60, is_draft=FALSE, owner_id=@PERSON, held_on='2026-01-31', finding='Found', recommendation='CONTINUE', currency='EUR', state='DRAFT'",
    ),
    (67, "benefits_map_node", "@SCOPE, is_draft=TRUE, key='MAP-NEW', title='New', title_fold='new', kind='OUTPUT'"),
    (68, "benefits_map_node", "@SCOPE, is_draft=TRUE, key='MAP-NEXT', title='Next', title_fold='next', kind='CHANGE'"),
    (
        69,
        "benefits_map_node",
        "@SCOPE, is_draft=TRUE, key='MAP-GONE', title='Old', title_fold='old', kind='CHANGE', archived_at=@NOW",
    ),
    (70, "benefits_map_node", "@SCOPE, is_draft=TRUE, key='MAP-LAST', title='Last', title_fold='last', kind='OUTCOME'"),
    (
        71,
        "benefits_map_edge",
        "@SCOPE, from_id=@67, to_id=@68, weight=1, is_draft=TRUE, to_item_id=@ITEM, is_to_restricted=FALSE",
    ),
];

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
        ("BenefitPlanPoint", _) => 52,
        ("BenefitContribution", _) => 53,
        ("BenefitMeasure", _) => 61,
        ("BenefitMeasurePoint", _) => 63,
        (_, "benefitActualReverse") => 65,
        ("BenefitActual", _) => 64,
        ("BenefitReview", _) => 66,
        ("BenefitsMapNode", _) => {
            if old {
                69
            } else {
                70
            }
        }
        ("BenefitsMapEdge", _) => 71,
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
        "BenefitPlanPoint" => (
            json!({ "note": "Other" }),
            json!({ "benefitId": of("ben", 50), "periodKey": "P-NEXT", "amount": money("1") }),
        ),
        "BenefitContribution" => (
            json!({ "rationale": "Other" }),
            json!({ "benefitId": of("ben", 50), "contributorId": encode_id("prj", rows.item_by_key("PR-003").id), "share": "0.1" }),
        ),
        "BenefitMeasure" => (
            json!({ "method": "Other" }),
            json!({ "key": "BME-X", "benefitId": of("ben", 50), "title": "X", "unit": "%", "direction": "UP", "frequency": "ONCE", "firstDueOn": "2026-03-31" }),
        ),
        "BenefitMeasurePoint" => {
            (json!({ "note": "Other" }), json!({ "measureId": of("bme", 61), "dueOn": "2026-02-28", "value": "1" }))
        }
        "BenefitActual" => (
            json!({ "evidence": "Other" }),
            json!({ "measureId": of("bme", 62), "measuredOn": "2026-02-15", "value": "1" }),
        ),
        "BenefitReview" => (
            json!({ "finding": "Other" }),
            json!({ "benefitId": of("ben", 60), "heldOn": "2026-02-15", "finding": "X", "recommendation": "STOP" }),
        ),
        "BenefitsMapNode" => {
            (json!({ "title": "Other" }), json!({ "key": "MAP-X", "itemId": project, "title": "X", "kind": "CHANGE" }))
        }
        "BenefitsMapEdge" => {
            (json!({ "note": "Other" }), json!({ "fromId": of("bmn", 68), "toId": of("bmn", 70), "weight": "1" }))
        }
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
        Verb::BulkUpdate | Verb::BulkUpsert => json!({ "items": [row] }),
        Verb::Act if mutation.name == "benefitStateAdvance" => with("to", json!("WITHDRAWN")),
        Verb::Act if matches!(mutation.name.as_str(), "benefitActualReturn" | "benefitActualReverse") => {
            with("note", json!("Why"))
        }
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
    // Who owns a benefit writes how it is measured; none of the cast owns one of this project.
    let owns = eyes.owns_benefits();
    let writers = is(Role::PmoLead) || is(Role::ProjectManager) || is(Role::Integration);
    // Whom the mutation is for, who sees its row, and who is refused without a look at it.
    let (may, sees, gate) = match mutation.entity {
        "FiscalCalendar" | "FiscalPeriod" | "CostCategory" | "StrategicObjective" => {
            let may = office || (mutation.entity != "StrategicObjective" && is(Role::Finance));
            if is_new {
                // The key of a calendar that she cannot see leads nowhere.
                let lost = mutation.entity == "FiscalPeriod" && !sees_references;
                return match (may, lost) {
                    (true, _) => None,
                    (false, true) => Some(set(&["FORBIDDEN", "NOT_FOUND"])),
                    (false, false) => forbidden(),
                };
            }
            (may, sees_references, true)
        }
        "ObjectiveContribution" => {
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
        "Forecast" if name == "forecastPublish" => (office || own || is(Role::Finance), sees_money, true),
        "Forecast" | "ForecastLine" => {
            let gate = is(Role::ProjectManager) || is(Role::Finance) || is(Role::Integration);
            let by_item = mutation.entity == "Forecast" && is_new;
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
        of if of.starts_with("Benefit") => {
            let step = name == "benefitStateAdvance" || name == "benefitReviewPublish";
            let decides = matches!(name, "benefitActualValidate" | "benefitActualReturn" | "benefitActualReverse");
            let reads = office
                || own
                || granted
                || sponsors
                || is(Role::Finance)
                || is(Role::Auditor)
                || (is(Role::Analyst) && eyes.holds(Scopes::PF, project));
            let of_item = is_new && matches!(of, "Benefit" | "BenefitsMapNode");
            let sees = match () {
                () if !of_item => reads,
                () => sees_item && (of == "BenefitsMapNode" || sees_people(eyes)),
            };
            let may = match () {
                () if name == "benefitStateAdvance" => office || sponsors,
                () if name == "benefitReviewPublish" => office,
                () if decides => office || is(Role::Finance),
                // What is promised is her manager's no longer.
                () if matches!(of, "BenefitActual" | "BenefitReview") => office || granted,
                () => office || own || granted,
            };
            let measures = matches!(of, "BenefitMeasure" | "BenefitActual") && owns;
            (may, sees, step || decides || writers || measures)
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
