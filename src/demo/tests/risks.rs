//! The risks of the demonstration keep the rules that the server keeps.

use super::*;
use crate::raid::rules;

#[test]
fn risks_responses_and_issues_stand_as_the_server_would_have_it() {
    let made = rows::build(day()).expect("rows").raid;
    for risk in &made.risks {
        assert!(rules::RISK.states().any(|state| state == risk.state), "{}", risk.key);
        assert_eq!(risk.closed_on.is_some(), matches!(risk.state.as_str(), "CLOSED" | "OCCURRED"), "{}", risk.key);
        assert!(risk.state == "IDENTIFIED" || risk.rating.is_some(), "{}", risk.key);
        let is_worse = rules::is_worse(&risk.kind, risk.exposure_amount, risk.residual_exposure_amount)
            || rules::is_worse(&risk.kind, risk.exposure_days, risk.residual_exposure_days);
        assert!(!is_worse || risk.residual_justification.is_some(), "{}", risk.key);
        let issues = made.issues.iter().filter(|issue| issue.risk_id == Some(risk.id)).count();
        assert_eq!(issues, usize::from(risk.state == "OCCURRED"), "{}", risk.key);
        let answered = made.responses.iter().any(|row| row.risk_id == risk.id && row.state != "CANCELLED");
        assert!(risk.state != "TREATED" || answered, "{}", risk.key);
    }
    for response in &made.responses {
        let risk = made.risks.iter().find(|risk| risk.id == response.risk_id).expect("a risk");
        assert!(rules::strategies(&risk.kind).contains(&response.strategy.as_str()), "{}", response.title);
        let is_over = matches!(response.state.as_str(), "COMPLETED" | "CANCELLED");
        assert_eq!(
            (response.completed_on.is_some(), response.started_on.is_some()),
            (is_over, response.state != "PLANNED")
        );
    }
    for issue in &made.issues {
        let is_resolved = matches!(issue.state.as_str(), "RESOLVED" | "CLOSED");
        assert_eq!((issue.resolved_on.is_some(), issue.closed_on.is_some()), (is_resolved, issue.state == "CLOSED"));
        assert!(!is_resolved || issue.resolution.is_some(), "{}", issue.key);
    }
}
