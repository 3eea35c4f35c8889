//! Skills and certificates that are asked for, against those that a person has.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::fraction::per_thousand;
use super::span::Span;

/// A skill that is asked for, or that a person has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SkillLevel<Id> {
    /// The skill.
    pub skill: Id,
    /// The least level asked for, or the level that the person has: 1 to 5. 0 is as if it were not there.
    pub level: u8,
}

/// How a person meets a skill that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SkillMatch<Id> {
    /// The skill.
    pub skill: Id,
    /// The least level asked for.
    pub asked: u8,
    /// The level that the person has; none: the person does not have the skill.
    pub has: Option<u8>,
}

impl<Id> SkillMatch<Id> {
    /// Whether the person has the skill at the least level or above.
    pub fn is_met(&self) -> bool {
        self.has.unwrap_or(0) >= self.asked
    }
}

/// Each skill that is asked for, in the order given, with the highest level that a person has of it.
pub fn match_skills<Id: Copy + Ord>(asked: &[SkillLevel<Id>], has: &[SkillLevel<Id>]) -> Vec<SkillMatch<Id>> {
    let highest =
        |skill: Id| has.iter().filter(|held| held.skill == skill && held.level > 0).map(|held| held.level).max();
    asked.iter().map(|ask| SkillMatch { skill: ask.skill, asked: ask.level, has: highest(ask.skill) }).collect()
}

/// Whether a person has every skill that is asked for, each at its least level or above.
pub fn has_all<Id: Copy + Ord>(asked: &[SkillLevel<Id>], has: &[SkillLevel<Id>]) -> bool {
    match_skills(asked, has).iter().all(SkillMatch::is_met)
}

/// The places of those in a list who have every skill that is asked for, such as [`super::flow::Demand`] wants them.
pub fn able<Id: Copy + Ord>(asked: &[SkillLevel<Id>], people: &[Vec<SkillLevel<Id>>]) -> Vec<usize> {
    (0..people.len()).filter(|at| has_all(asked, &people[*at])).collect()
}

/// How far skills are met, in parts per thousand rounded down: the levels that count divided by those asked for. A
/// higher level than asked for counts no more than that. None where no level is asked for.
pub fn skill_score<Id>(matches: &[SkillMatch<Id>]) -> Option<u32> {
    let asked: u64 = matches.iter().map(|one| u64::from(one.asked)).sum();
    let counted = matches.iter().map(|one| u64::from(one.has.unwrap_or(0).min(one.asked))).sum();
    (asked > 0).then(|| per_thousand(counted, asked))
}

/// A certificate that a person has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Held<Id> {
    /// The certificate.
    pub certificate: Id,
    /// The first day on which it is valid; none: always has been.
    pub issued: Option<NaiveDate>,
    /// The last day on which it is valid; none: it does not expire.
    pub expires: Option<NaiveDate>,
}

/// How a certificate stands over a span of days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Validity {
    /// It is valid on each of them, perhaps by one that follows another without a break.
    Valid,
    /// It is valid from the first on, but only until this day.
    Expiring(NaiveDate),
    /// It is not valid on the first of them, but will be from this later one on.
    NotYet(NaiveDate),
    /// It was valid before them, until this day.
    Expired(NaiveDate),
    /// It is not held.
    Missing,
}

/// How each certificate that is asked for stands over a span, in the order given.
pub fn match_certificates<Id: Copy + Ord>(span: Span, asked: &[Id], held: &[Held<Id>]) -> Vec<(Id, Validity)> {
    let mut by_certificate: BTreeMap<Id, Vec<(NaiveDate, NaiveDate)>> = BTreeMap::new();
    for one in held {
        let days = (one.issued.unwrap_or(NaiveDate::MIN), one.expires.unwrap_or(NaiveDate::MAX));
        by_certificate.entry(one.certificate).or_default().push(days);
    }
    for days in by_certificate.values_mut() {
        days.sort_unstable();
    }
    let of = |certificate| by_certificate.get(certificate).map_or(Validity::Missing, |days| validity(span, days));
    asked.iter().map(|certificate| (*certificate, of(certificate))).collect()
}

/// How days, in order of their beginnings, stand over a span.
fn validity(span: Span, days: &[(NaiveDate, NaiveDate)]) -> Validity {
    let mut valid_to: Option<NaiveDate> = None;
    for (from, to) in days.iter().filter(|(from, to)| from <= to && *to >= span.first()) {
        let follows = valid_to.map_or(*from <= span.first(), |last| last.succ_opt().is_none_or(|next| *from <= next));
        if follows {
            valid_to = Some(valid_to.map_or(*to, |last| last.max(*to)));
        }
    }
    match valid_to {
        Some(last) if last >= span.last() => return Validity::Valid,
        Some(last) => return Validity::Expiring(last),
        None => {}
    }
    let real = || days.iter().filter(|(from, to)| from <= to);
    let later = real().map(|(from, _)| *from).filter(|from| *from > span.first() && *from <= span.last()).min();
    let before = real().map(|(_, to)| *to).filter(|to| *to < span.first()).max();
    later.map(Validity::NotYet).or(before.map(Validity::Expired)).unwrap_or(Validity::Missing)
}

/// How many of the certificates are valid throughout, in parts per thousand rounded down. None where none is asked for.
pub fn certificate_score<Id>(matches: &[(Id, Validity)]) -> Option<u32> {
    let valid = matches.iter().filter(|(_, validity)| *validity == Validity::Valid).count();
    let parts = |count| u64::try_from(count).unwrap_or(u64::MAX);
    (!matches.is_empty()).then(|| per_thousand(parts(valid), parts(matches.len())))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Random, day, span};
    use super::*;

    fn level(skill: u32, level: u8) -> SkillLevel<u32> {
        SkillLevel { skill, level }
    }

    #[test]
    fn skills_are_met_at_their_level() {
        let asked = [level(1, 3), level(2, 4), level(3, 2), level(4, 0)];
        let has = [level(2, 1), level(1, 5), level(2, 2), level(3, 0), level(9, 5)];
        let found = match_skills(&asked, &has);
        assert_eq!(found.iter().map(|one| one.has).collect::<Vec<_>>(), [Some(5), Some(2), None, None]);
        assert_eq!(found.iter().map(SkillMatch::is_met).collect::<Vec<_>>(), [true, false, false, true]);
        // 3 of 3, 2 of 4 and 0 of 2.
        assert_eq!(skill_score(&found), Some(555));
        assert_eq!((skill_score::<u32>(&[]), skill_score(&found[3..])), (None, None));
        assert!(has_all(&[level(1, 5)], &has) && !has_all(&asked, &has) && has_all(&[], &has));
        let people = [has.to_vec(), vec![], vec![level(1, 3)]];
        assert_eq!((able(&asked[..1], &people), able(&[], &people)), (vec![0, 2], vec![0, 1, 2]));
    }

    fn held(issued: &str, expires: &str) -> Held<u32> {
        let day = |text: &str| (!text.is_empty()).then(|| day(text));
        Held { certificate: 1, issued: day(issued), expires: day(expires) }
    }

    fn stands(held: &[Held<u32>]) -> Validity {
        match_certificates(span("2024-02-01", "2024-02-29"), &[1], held)[0].1
    }

    #[test]
    fn certificates_are_valid_through_the_last_day_or_not() {
        assert_eq!(stands(&[held("", "")]), Validity::Valid);
        assert_eq!(stands(&[held("2024-02-01", "2024-02-29")]), Validity::Valid);
        assert_eq!(stands(&[held("", "2024-02-28")]), Validity::Expiring(day("2024-02-28")));
        assert_eq!(stands(&[held("2024-02-02", "")]), Validity::NotYet(day("2024-02-02")));
        assert_eq!(stands(&[held("", "2024-01-31")]), Validity::Expired(day("2024-01-31")));
        assert_eq!(stands(&[held("2024-03-01", "")]), Validity::Missing);
        assert_eq!(
            stands(&[held("2024-02-20", "2024-02-10"), Held { certificate: 2, ..held("", "") }]),
            Validity::Missing
        );
        assert_eq!(stands(&[]), Validity::Missing);
    }

    #[test]
    fn one_may_follow_another_without_a_break() {
        let both = [held("2024-02-16", "2026-02-15"), held("2022-02-16", "2024-02-15")];
        assert_eq!(stands(&both), Validity::Valid);
        assert_eq!(stands(&[both[1], held("2024-02-17", "")]), Validity::Expiring(day("2024-02-15")));
        let matches = match_certificates(span("2024-02-01", "2024-02-29"), &[1, 2, 1], &both);
        assert_eq!(certificate_score(&matches), Some(666));
        assert_eq!(certificate_score::<u32>(&[]), None);
    }

    #[test]
    fn validity_agrees_with_days_looked_at_one_by_one() {
        let mut random = Random(8);
        for _ in 0..3_000 {
            let span = random.span();
            let one = |random: &mut Random| {
                let run = random.run(span);
                Held { certificate: 1, issued: (!random.one_in(4)).then_some(run.from), expires: Some(run.to) }
            };
            let all: Vec<_> = (0..random.below(4)).map(|_| one(&mut random)).collect();
            let valid = |day: NaiveDate| {
                all.iter()
                    .any(|one| one.issued.is_none_or(|from| from <= day) && one.expires.is_none_or(|to| day <= to))
            };
            let days = || (0..span.days()).map(|at| span.day(at));
            let found = match_certificates(span, &[1], &all)[0].1;
            match found {
                Validity::Valid => assert!(days().all(valid)),
                Validity::Expiring(last) => {
                    assert!(days().take_while(|day| *day <= last).all(valid) && valid(last));
                    assert!(last < span.last() && !valid(last.succ_opt().expect("a day")));
                }
                Validity::NotYet(from) => assert_eq!(days().find(|day| valid(*day)), Some(from)),
                Validity::Expired(_) | Validity::Missing => assert!(!days().any(valid)),
            }
            assert_eq!(matches!(found, Validity::Valid | Validity::Expiring(_)), valid(span.first()));
        }
    }
}
