//! Rows for the tests of mutations: one for each step to be taken with, all of PR-001.

use super::ready::Ready;

/// Rows for each step.
pub const READY: &[Ready] = &[
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
    (400, "resource_role", "key='RR', name='Role', name_fold='role'"),
    (401, "resource_role", "key='RR-OLD', name='Old', name_fold='old', archived_at=@NOW"),
    (402, "skill", "key='SK', name='Skill', name_fold='skill', category='Trade'"),
    (403, "skill", "key='SK-OLD', name='Old', name_fold='old', archived_at=@NOW"),
    (404, "certification", "key='CT', name='Certificate', name_fold='certificate', valid_months=36"),
    (405, "certification", "key='CT-OLD', name='Old', name_fold='old', archived_at=@NOW"),
    (406, "work_calendar", "key='WC', name='Week', name_fold='week', monday='08:00-16:00', sunday=''"),
    (407, "work_calendar", "key='WC-OLD', name='Old', name_fold='old', base_id=@406, archived_at=@NOW"),
    (
        408,
        "calendar_exception",
        "calendar_id=@406, name='Holiday', name_fold='holiday', recurrence='ONCE', start_on='2030-01-01', every=1, working_times=''",
    ),
    (
        409,
        "calendar_exception",
        "calendar_id=@406, name='Old', name_fold='old', recurrence='WEEKLY', start_on='2030-01-01', end_on='2030-12-31', occurrences=5, every=2, weekdays='MONDAY,FRIDAY', working_times='', archived_at=@NOW",
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
    (60, "fx_rate_set", "key='FX', name='Rates', name_fold='rates', rate_type='SPOT', is_default=FALSE"),
    (
        61,
        "fx_rate_set",
        "key='FX-OLD', name='Old', name_fold='old', rate_type='SPOT', is_default=FALSE, archived_at=@NOW",
    ),
    (
        62,
        "fx_rate",
        "rate_set_id=@60, from_currency='EUR', to_currency='CHF', rate=1000000000, valid_from_on='2031-01-01'",
    ),
    (
        63,
        "fx_rate",
        "rate_set_id=@60, from_currency='EUR', to_currency='GBP', rate=1000000000, valid_from_on='2031-01-01', archived_at=@NOW",
    ),
    (70, "cost_plan", "@SCOPE, revision=901, state='DRAFT', is_plan_of_record=FALSE, currency='EUR', amount=0"),
    (
        71,
        "cost_plan",
        "@SCOPE, revision=902, state='SUBMITTED', is_plan_of_record=FALSE, currency='EUR', amount=0, submitted_at=@NOW, submitted_principal='somebody'",
    ),
    (
        72,
        "cost_plan",
        "@SCOPE, revision=900, state='REJECTED', is_plan_of_record=FALSE, currency='EUR', amount=0, archived_at=@NOW",
    ),
    (
        73,
        "cost_plan_line",
        "@SCOPE, cost_plan_id=@70, period_id=@3, category_id=@6, source='NON_LABOR', expenditure='OPEX', currency='EUR', amount=0",
    ),
    (
        80,
        "commitment",
        "@SCOPE, key='CMT', title='Order', title_fold='order', state='OPEN', category_id=@6, expenditure='OPEX', currency='EUR', committed_amount=10000, invoiced_amount=0, open_amount=10000, committed_on='2031-01-01'",
    ),
    (
        81,
        "commitment",
        "@SCOPE, key='CMT-OLD', title='Old', title_fold='old', state='CLOSED', category_id=@6, expenditure='OPEX', currency='EUR', committed_amount=1, invoiced_amount=0, open_amount=0, committed_on='2031-01-01', closed_on='2031-01-02', archived_at=@NOW",
    ),
    (
        82,
        "commitment",
        "@SCOPE, key='CMT-END', title='End', title_fold='end', state='CLOSED', category_id=@6, expenditure='OPEX', currency='EUR', committed_amount=1, invoiced_amount=0, open_amount=0, committed_on='2031-01-01', closed_on='2031-01-02'",
    ),
    (
        90,
        "actual",
        "@SCOPE, is_labor=FALSE, key='ACT', occurred_on='2031-02-01', posting_on='2031-02-01', calendar_id=@1, period_id=@3, category_id=@6, source='NON_LABOR', expenditure='OPEX', currency='EUR', amount=10000, is_accrual=FALSE",
    ),
    (
        160,
        "task",
        "@SCOPE, key='T-NEW', title='New', title_fold='new', kind='TASK', percent_complete=0, earned_value_technique='PERCENT_COMPLETE', planned_start_on='2026-01-01', planned_finish_on='2026-12-31'",
    ),
    (
        161,
        "task",
        "@SCOPE, key='T-OLD', title='Old', title_fold='old', kind='TASK', percent_complete=0, earned_value_technique='PERCENT_COMPLETE', archived_at=@NOW",
    ),
    (
        170,
        "baseline",
        "@SCOPE, revision=901, kind='PERFORMANCE', level='PROJECT', state='DRAFT', as_of_on='2026-01-01', currency='EUR', completion_amount=10000, start_on='2026-01-01', finish_on='2026-12-31'",
    ),
    (
        171,
        "baseline",
        "@SCOPE, revision=902, kind='PERFORMANCE', level='PROJECT', state='SUBMITTED', as_of_on='2026-01-01', currency='EUR', completion_amount=0, submitted_at=@NOW, submitted_principal='somebody'",
    ),
    (
        172,
        "baseline",
        "@SCOPE, revision=900, kind='PERFORMANCE', level='PROJECT', state='REJECTED', as_of_on='2026-01-01', currency='EUR', completion_amount=0, archived_at=@NOW",
    ),
    (
        173,
        "baseline_item",
        "@SCOPE, baseline_id=@170, task_id=@160, start_on='2026-01-01', finish_on='2026-12-31', currency='EUR', cost_amount=10000",
    ),
    (
        174,
        "baseline_period_value",
        "@SCOPE, baseline_id=@170, baseline_item_id=@173, end_on='2026-06-30', currency='EUR', planned_amount=10000",
    ),
    (
        175,
        "task",
        "@SCOPE, key='T-TWO', title='Two', title_fold='two', kind='TASK', percent_complete=0, earned_value_technique='PERCENT_COMPLETE', planned_start_on='2026-01-01', planned_finish_on='2026-12-31'",
    ),
    (
        180,
        "progress_measurement",
        "@SCOPE, task_id=@160, status_on='2026-02-01', percent_complete=0, earned_fraction=0, currency='EUR', is_derived=FALSE",
    ),
    (
        181,
        "progress_measurement",
        "@SCOPE, task_id=@160, status_on='2026-01-31', percent_complete=0, earned_fraction=0, currency='EUR', is_derived=FALSE, archived_at=@NOW",
    ),
    (
        100,
        "benefit",
        "@SCOPE, is_draft=FALSE, key='BEN-HAD', title='Had', title_fold='had', kind='FINANCIAL_CASHABLE', polarity='BENEFIT', state='REALIZING', owner_id=@PERSON, currency='EUR', planned_amount=0",
    ),
    (
        101,
        "benefit_measure",
        "@SCOPE, benefit_id=@50, is_draft=TRUE, owner_id=@PERSON, key='BME-NEW', title='New', title_fold='new', unit='%', direction='UP', frequency='MONTHLY', first_due_on='2026-01-31'",
    ),
    (
        102,
        "benefit_measure",
        "@SCOPE, benefit_id=@100, is_draft=FALSE, owner_id=@PERSON, key='BME-HAD', title='Had', title_fold='had', unit='%', direction='UP', frequency='ONCE', first_due_on='2026-01-31', baseline_value=0, baseline_on='2026-01-01', target_value=1, target_on='2026-12-31'",
    ),
    (
        103,
        "benefit_measure_point",
        "@SCOPE, benefit_id=@50, measure_id=@101, is_draft=TRUE, owner_id=@PERSON, due_on='2026-01-31', value=0",
    ),
    (
        104,
        "benefit_actual",
        "@SCOPE, benefit_id=@100, measure_id=@102, is_draft=FALSE, owner_id=@PERSON, attributed_item_id=@ITEM, attribution_share=1, measured_on='2026-01-31', value=1, currency='EUR', state='RECORDED', recorded_at=@NOW, recorded_principal='somebody'",
    ),
    (
        105,
        "benefit_actual",
        "@SCOPE, benefit_id=@100, measure_id=@102, is_draft=FALSE, owner_id=@PERSON, attributed_item_id=@ITEM, attribution_share=1, measured_on='2026-02-01', value=1, currency='EUR', state='VALIDATED', recorded_at=@NOW, recorded_principal='somebody', validated_at=@NOW",
    ),
    (
        106,
        "benefit_review",
        "@SCOPE, benefit_id=@100, is_draft=FALSE, owner_id=@PERSON, held_on='2026-01-31', finding='Found', recommendation='CONTINUE', currency='EUR', state='DRAFT'",
    ),
    (107, "benefits_map_node", "@SCOPE, is_draft=TRUE, key='MAP-NEW', title='New', title_fold='new', kind='OUTPUT'"),
    (108, "benefits_map_node", "@SCOPE, is_draft=TRUE, key='MAP-NEXT', title='Next', title_fold='next', kind='CHANGE'"),
    (
        109,
        "benefits_map_node",
        "@SCOPE, is_draft=TRUE, key='MAP-GONE', title='Old', title_fold='old', kind='CHANGE', archived_at=@NOW",
    ),
    (
        110,
        "benefits_map_node",
        "@SCOPE, is_draft=TRUE, key='MAP-LAST', title='Last', title_fold='last', kind='OUTCOME'",
    ),
    (
        111,
        "benefits_map_edge",
        "@SCOPE, from_id=@107, to_id=@108, weight=1, is_draft=TRUE, to_item_id=@ITEM, is_to_restricted=FALSE",
    ),
    (
        190,
        "risk",
        "@SCOPE, key='R-NEW', title='New', title_fold='new', kind='THREAT', state='IDENTIFIED', level='PROJECT', currency='EUR', identified_on='2026-01-01'",
    ),
    (
        191,
        "risk",
        "@SCOPE, key='R-OLD', title='Old', title_fold='old', kind='THREAT', state='IDENTIFIED', level='PROJECT', currency='EUR', identified_on='2026-01-01', archived_at=@NOW",
    ),
    (
        192,
        "risk",
        "@SCOPE, key='R-UP', title='Up', title_fold='up', kind='THREAT', state='IDENTIFIED', level='PROJECT', currency='EUR', identified_on='2026-01-01', escalated_to_id=@ITEM",
    ),
    (
        193,
        "risk_response",
        "@SCOPE, risk_id=@190, title='New', title_fold='new', strategy='AVOID', state='PLANNED', currency='EUR'",
    ),
    (
        194,
        "risk_response",
        "@SCOPE, risk_id=@190, title='Old', title_fold='old', strategy='AVOID', state='PLANNED', currency='EUR', archived_at=@NOW",
    ),
    (
        195,
        "issue",
        "@SCOPE, key='I-NEW', title='New', title_fold='new', severity='LOW', state='OPEN', currency='EUR', raised_on='2026-01-01'",
    ),
    (
        196,
        "issue",
        "@SCOPE, key='I-OLD', title='Old', title_fold='old', severity='LOW', state='OPEN', currency='EUR', raised_on='2026-01-01', archived_at=@NOW",
    ),
    (
        197,
        "issue",
        "@SCOPE, key='I-UP', title='Up', title_fold='up', severity='LOW', state='OPEN', currency='EUR', raised_on='2026-01-01', escalated_to_id=@ITEM",
    ),
    (
        300,
        "kpi_definition",
        "key='MADE', name='Made', name_fold='made', description='Made', kind='FORMULA', formula='AC', formula_version=1, unit='MONEY', direction='UP', classes='FIN', hysteresis=0",
    ),
    (
        301,
        "kpi_definition",
        "key='OLD', name='Old', name_fold='old', description='Old', kind='FORMULA', formula='AC', formula_version=1, unit='MONEY', direction='UP', classes='FIN', hysteresis=0, archived_at=@NOW",
    ),
    (
        302,
        "kpi_definition",
        "key='POSTED', name='Posted', name_fold='posted', description='Posted', kind='POSTED', formula='POSTED', formula_version=1, unit='COUNT', direction='UP', classes='BASIC', hysteresis=0",
    ),
    (310, "kpi_threshold", "@SCOPE, kpi_id=@300, valid_from_on='2031-01-01', green_from=1, hysteresis=0"),
    (
        311,
        "kpi_threshold",
        "@SCOPE, kpi_id=@300, valid_from_on='2030-01-01', green_from=1, hysteresis=0, archived_at=@NOW",
    ),
    (320, "kpi_target", "@SCOPE, kpi_id=@300, target_on='2031-01-01', value=1"),
    (321, "kpi_target", "@SCOPE, kpi_id=@300, target_on='2030-01-01', value=1, archived_at=@NOW"),
    (330, "kpi_posting", "@SCOPE, kpi_id=@302, effective_on='2031-01-01', value=1"),
    (
        340,
        "alert_rule",
        "@SCOPE, key='AR', name='Rule', name_fold='rule', kpi_id=@300, has_descendants=FALSE, status='RED', is_enabled=TRUE",
    ),
    (
        341,
        "alert_rule",
        "@SCOPE, key='AR-OLD', name='Old', name_fold='old', kpi_id=@300, has_descendants=FALSE, status='RED', is_enabled=TRUE, archived_at=@NOW",
    ),
    (
        350,
        "alert",
        "@SCOPE, rule_id=@340, kpi_id=@300, classes='FIN', is_alone=TRUE, state='OPEN', status='RED', value='1', unit='EUR', period_end_on='2026-01-01', opened_at=@NOW",
    ),
    (
        351,
        "alert",
        "@SCOPE, rule_id=@340, kpi_id=@300, classes='BEN,FIN', is_alone=TRUE, state='CLOSED', status='RED', value='1', unit='EUR', period_end_on='2026-01-01', opened_at=@NOW",
    ),
    (
        352,
        "alert",
        "@SCOPE, rule_id=@340, kpi_id=@300, classes='FIN', is_alone=FALSE, state='CLOSED', status='RED', value='1', unit='EUR', period_end_on='2026-01-01', opened_at=@NOW",
    ),
    (
        353,
        "alert",
        "@SCOPE, rule_id=@340, kpi_id=@300, classes='WORK', is_alone=TRUE, state='CLOSED', status='RED', value='1', unit='EUR', period_end_on='2026-01-01', opened_at=@NOW",
    ),
];
