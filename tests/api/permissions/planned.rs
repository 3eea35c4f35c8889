//! Strategy, money, plans, risks, reports, benefits and KPIs for the tests of mutations: an input for each, about the rows of
//! PR-001 that stand ready.

use foliograph::{
    graph::encode_id,
    write::{Mutation, Verb},
};
use sea_orm::{ConnectionTrait, DatabaseConnection};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{expected::Rows, ready, stock::READY};

/// The project that all of it belongs to: Marc runs it.
pub const PROJECT: &str = "PR-001";

/// The id of a row that stands ready.
pub fn id(number: u128) -> Uuid {
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
    target(mutation).is_some() || matches!(mutation.name.as_str(), "budgetTransfer" | "baselineCapture" | "importRun")
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
        ("Task", _) => {
            if old {
                161
            } else {
                160
            }
        }
        (_, "baselineApprove" | "baselineReject") => 171,
        (_, "baselineCapture") => return None,
        ("Baseline", _) => {
            if old {
                172
            } else {
                170
            }
        }
        ("BaselineItem", _) => 173,
        ("BaselinePeriodValue", _) => 174,
        ("ProgressMeasurement", _) => {
            if old {
                181
            } else {
                180
            }
        }
        (_, "riskTakeBack") => 192,
        ("Risk", _) => {
            if old {
                191
            } else {
                190
            }
        }
        ("RiskResponse", _) => {
            if old {
                194
            } else {
                193
            }
        }
        (_, "issueTakeBack") => 197,
        ("Issue", _) => {
            if old {
                196
            } else {
                195
            }
        }
        ("ResourceRole", _) => 400 + u128::from(old),
        ("Skill", _) => 402 + u128::from(old),
        ("Certification", _) => 404 + u128::from(old),
        ("WorkCalendar", _) => 406 + u128::from(old),
        ("CalendarException", _) => 408 + u128::from(old),
        ("ResourcePool", _) => 410 + u128::from(old),
        ("Resource", _) => 412 + u128::from(old),
        ("ResourceSkill", _) => 414 + u128::from(old),
        ("CertificationHeld", _) => 416 + u128::from(old),
        ("TimeOff", _) => 418 + u128::from(old),
        ("RateCard", _) => 430 + u128::from(old),
        ("TimeCategory", _) => 440 + u128::from(old),
        (_, "timesheetApprove" | "timesheetBulkApprove" | "timesheetReturn") => 444,
        (_, "timesheetPost" | "timesheetBulkPost") => 445,
        ("Timesheet", _) => 443,
        (_, "timeEntryReverse") => 451,
        ("TimeEntry", _) => 450,
        ("Rate", _) => 432 + u128::from(old),
        ("ResourceRequest", _) => 420,
        ("RequestSkill", _) => 421 + u128::from(old),
        (_, "allocationComplete" | "allocationProposalDecide") => 424,
        ("Allocation", _) => 423,
        ("KpiDefinition", _) => 300 + u128::from(old),
        ("KpiThreshold", _) => 310 + u128::from(old),
        ("KpiTarget", _) => 320 + u128::from(old),
        ("KpiPosting", _) => 330,
        ("AlertRule", _) => 340 + u128::from(old),
        ("Alert", _) => 350,
        ("BenefitPlanPoint", _) => 52,
        ("BenefitContribution", _) => 53,
        ("BenefitMeasure", _) => 101,
        ("BenefitMeasurePoint", _) => 103,
        (_, "benefitActualReverse") => 105,
        ("BenefitActual", _) => 104,
        ("BenefitReview", _) => 106,
        ("BenefitsMapNode", _) => {
            if old {
                109
            } else {
                110
            }
        }
        ("BenefitsMapEdge", _) => 111,
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
    if mutation.name == "baselineCapture" {
        return json!({ "projectKey": PROJECT });
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
        "ResourceRole" => (json!({ "name": "Other" }), json!({ "key": "RR-NEW", "name": "New" })),
        "Skill" => (json!({ "name": "Other" }), json!({ "key": "SK-NEW", "name": "New" })),
        "Certification" => (json!({ "name": "Other" }), json!({ "key": "CT-NEW", "name": "New" })),
        "TimeCategory" => (json!({ "name": "Other" }), json!({ "key": "TC-NEW", "name": "New" })),
        "Timesheet" => (Value::Null, json!({ "resourceId": of("res", 442), "weekStartOn": "2026-03-02" })),
        "TimeEntry" => (
            json!({ "note": "Other" }),
            json!({ "resourceId": of("res", 442), "projectId": project, "workOn": "2026-02-25", "minutes": 60 }),
        ),
        "WorkCalendar" => {
            (json!({ "name": "Other" }), json!({ "key": "WC-NEW", "name": "New", "monday": "09:00-17:00" }))
        }
        "CalendarException" => {
            (json!({ "name": "Other" }), json!({ "calendarKey": "WC", "name": "New", "startOn": "2030-05-01" }))
        }
        "ResourcePool" => (json!({ "name": "Other" }), json!({ "key": "RP-NEW", "name": "New" })),
        "Resource" => (
            json!({ "name": "Other" }),
            json!({ "key": "RS-NEW", "name": "New", "kind": "GENERIC", "poolKey": "DEVELOPMENT" }),
        ),
        "ResourceSkill" => {
            (json!({ "level": 4 }), json!({ "resourceId": of("res", 412), "skillKey": "RUST", "level": 2 }))
        }
        "CertificationHeld" => (
            json!({ "reference": "Other" }),
            json!({ "resourceId": of("res", 412), "certificationKey": "PMP", "issuedOn": "2026-01-01" }),
        ),
        "TimeOff" => (
            json!({ "minutesPerDay": 60 }),
            json!({ "resourceId": of("res", 412), "startOn": "2031-05-01", "endOn": "2031-05-02" }),
        ),
        "RateCard" => (json!({ "name": "Other" }), json!({ "key": "RC-NEW", "name": "New" })),
        "Rate" => (
            json!({ "note": "Other" }),
            json!({ "cardKey": "RC", "roleKey": "RR", "startOn": "2033-01-01", "hourly": money("100") }),
        ),
        "ResourceRequest" => (
            json!({ "note": "Other" }),
            json!({ "projectId": project, "key": "RQ-NEW", "title": "New", "roleKey": "RR", "startOn": "2026-04-01", "endOn": "2026-04-30", "minutes": 600 }),
        ),
        "RequestSkill" => (json!({ "leastLevel": 4 }), json!({ "requestId": of("rrq", 420), "skillKey": "RUST" })),
        "Allocation" => (
            json!({ "note": "Other" }),
            json!({ "projectId": project, "resourceId": of("res", 412), "startOn": "2026-03-09", "endOn": "2026-03-09", "minutes": 60 }),
        ),
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
        "Task" => (json!({ "wbs": "9.9" }), json!({ "key": "T-X", "projectId": project, "title": "X" })),
        "Baseline" => (json!({ "note": "Other" }), json!({ "projectId": project })),
        "BaselineItem" => (
            json!({ "workMinutes": 1 }),
            json!({ "baselineId": of("bsl", 170), "taskId": of("tsk", 175), "startOn": "2026-01-01", "finishOn": "2026-01-31" }),
        ),
        "BaselinePeriodValue" => (
            json!({ "endOn": "2026-07-31" }),
            json!({ "baselineItemId": of("bsi", 173), "endOn": "2026-08-31", "plannedValue": money("0") }),
        ),
        "ProgressMeasurement" => (
            json!({ "note": "Other" }),
            json!({ "taskId": of("tsk", 160), "statusOn": "2026-01-15", "percentComplete": "0.1" }),
        ),
        "BenefitMeasure" => (
            json!({ "method": "Other" }),
            json!({ "key": "BME-X", "benefitId": of("ben", 50), "title": "X", "unit": "%", "direction": "UP", "frequency": "ONCE", "firstDueOn": "2026-03-31" }),
        ),
        "BenefitMeasurePoint" => {
            (json!({ "note": "Other" }), json!({ "measureId": of("bme", 101), "dueOn": "2026-02-28", "value": "1" }))
        }
        "BenefitActual" => (
            json!({ "evidence": "Other" }),
            json!({ "measureId": of("bme", 102), "measuredOn": "2026-02-15", "value": "1" }),
        ),
        "BenefitReview" => (
            json!({ "finding": "Other" }),
            json!({ "benefitId": of("ben", 100), "heldOn": "2026-02-15", "finding": "X", "recommendation": "STOP" }),
        ),
        "BenefitsMapNode" => {
            (json!({ "title": "Other" }), json!({ "key": "MAP-X", "itemId": project, "title": "X", "kind": "CHANGE" }))
        }
        "BenefitsMapEdge" => {
            (json!({ "note": "Other" }), json!({ "fromId": of("bmn", 108), "toId": of("bmn", 110), "weight": "1" }))
        }
        "Risk" => (json!({ "category": "Other" }), json!({ "key": "RSK-X", "itemId": project, "title": "X" })),
        "RiskResponse" => {
            (json!({ "title": "Other" }), json!({ "riskId": of("rsk", 190), "title": "X", "strategy": "AVOID" }))
        }
        "Issue" => (json!({ "category": "Other" }), json!({ "key": "ISU-X", "itemId": project, "title": "X" })),
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
        Verb::Act if mutation.name == "timeEntryReverse" => with("reason", json!("Wrong")),
        Verb::Act if mutation.name == "resourceRequestSplit" => {
            let mut input = with("manner", json!("PROPORTIONAL"));
            input["resourceIds"] = json!([of("res", 412)]);
            input
        }
        Verb::Act if mutation.name == "timesheetReturn" => with("note", json!("Why")),
        Verb::BulkAct if matches!(mutation.entity, "Allocation" | "Timesheet") => {
            json!({ "items": [{ "ref": { "id": whole["id"] }, "ifVersion": "*" }] })
        }
        Verb::Act if mutation.name == "allocationProposalDecide" => with("isAccepted", json!(true)),
        Verb::BulkAct => json!({
            "items": [{ "ref": { "id": whole["id"] }, "ifVersion": "*", "reason": "Wrong", "occurredOn": "2031-03-01" }]
        }),
        Verb::Act if mutation.name == "benefitStateAdvance" => with("to", json!("WITHDRAWN")),
        Verb::Act if matches!(mutation.name.as_str(), "benefitActualReturn" | "benefitActualReverse") => {
            with("note", json!("Why"))
        }
        Verb::Act if mutation.name == "riskStateAdvance" => with("to", json!("OCCURRED")),
        Verb::Act if mutation.name == "riskResponseStateAdvance" => with("to", json!("ACTIVE")),
        Verb::Act if mutation.name == "issueStateAdvance" => with("to", json!("IN_PROGRESS")),
        Verb::Act if mutation.name.ends_with("Escalate") => {
            with("toId", json!(encode_id("prg", rows.item_by_key("PG-ERP").id)))
        }
        Verb::Archive | Verb::Unarchive | Verb::Delete | Verb::Act | Verb::Other => whole,
    }
}
