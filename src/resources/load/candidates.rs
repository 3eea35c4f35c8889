//! Who fits a request best, and why.

use std::cmp::Reverse;

use super::daily::{Counting, Load, free};
use super::fraction::{Known, per_thousand};
use super::held::{
    Held, SkillLevel, SkillMatch, Validity, certificate_score, match_certificates, match_skills, skill_score,
};
use super::runs::{Run, expand};
use super::span::Span;
use super::sums;

/// What a request asks for. What is not asked for does not count in the score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted<'a, Id> {
    /// The role.
    pub role: Option<Id>,
    /// The skills with their least levels.
    pub skills: &'a [SkillLevel<Id>],
    /// The certificates, each valid on all days of the span.
    pub certificates: &'a [Id],
    /// The location: letters count alike whether great or small, and spaces around it do not count.
    pub location: Option<&'a str>,
    /// From when to when.
    pub span: Span,
    /// The minutes of its days; those outside the span are left out, and those on days off are free of nobody.
    pub curve: &'a [Run],
    /// Which bookings take free time away.
    pub counting: Counting,
}

/// A person, or another resource, as far as a request asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profile<'a, Id> {
    /// The primary role.
    pub primary_role: Option<Id>,
    /// Further roles.
    pub roles: &'a [Id],
    /// The skills with their levels; the same one may be there more than once.
    pub skills: &'a [SkillLevel<Id>],
    /// The certificates; the same one may be there more than once.
    pub certificates: &'a [Held<Id>],
    /// The location.
    pub location: Option<&'a str>,
    /// The id, the capacity and what is booked.
    pub load: Load<'a, Id>,
}

/// How much each part of a score counts: any whole numbers, 0 for not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Weights {
    /// Of the role.
    pub role: u16,
    /// Of the skills.
    pub skills: u16,
    /// Of the certificates.
    pub certificates: u16,
    /// Of free capacity.
    pub free: u16,
    /// Of the location.
    pub location: u16,
}

impl Default for Weights {
    fn default() -> Self {
        Self { role: 20, skills: 35, certificates: 15, free: 25, location: 5 }
    }
}

/// The parts of a score, each in parts per thousand rounded down. None: not asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Parts {
    /// 1,000 for the primary role, 500 for a further one, else 0.
    pub role: Option<u32>,
    /// The levels that the candidate has, at most those asked for, of the levels asked for.
    pub skills: Option<u32>,
    /// The certificates that are valid throughout, of those asked for.
    pub certificates: Option<u32>,
    /// The free minutes that were asked for, of all asked for; a reason where the capacity is not known.
    pub free: Option<Known<u32>>,
    /// 1,000 for the same location, else 0.
    pub location: Option<u32>,
}

impl Parts {
    /// The parts that are asked for, each times its weight, divided by the sum of these weights: parts per thousand,
    /// rounded down. Free capacity that is not known counts as none. Where nothing is asked for, it is 1,000.
    pub fn score(&self, weights: Weights) -> u32 {
        let parts = [
            (weights.role, self.role),
            (weights.skills, self.skills),
            (weights.certificates, self.certificates),
            (weights.free, self.free.map(|free| free.unwrap_or(0))),
            (weights.location, self.location),
        ];
        let asked = parts.iter().filter_map(|(weight, part)| part.map(|part| (u64::from(*weight), u64::from(part))));
        let (sum, whole) =
            asked.fold((0, 0), |(sum, whole), (weight, part)| (sum + weight * part, whole + weight * 1_000));
        per_thousand(sum, whole)
    }
}

/// How a resource fits a request, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate<Id> {
    /// The resource.
    pub id: Id,
    /// The whole score, in parts per thousand.
    pub score: u32,
    /// Its parts.
    pub parts: Parts,
    /// Each skill that is asked for, with what the candidate has.
    pub skills: Vec<SkillMatch<Id>>,
    /// Each certificate that is asked for, and how it stands.
    pub certificates: Vec<(Id, Validity)>,
    /// The minutes that are asked for.
    pub asked_minutes: u64,
    /// How many of these are free on their own days.
    pub free_minutes: Known<u64>,
}

/// Holds a resource against a request.
pub fn judge<Id: Copy + Ord>(wanted: &Wanted<'_, Id>, profile: &Profile<'_, Id>, weights: Weights) -> Candidate<Id> {
    let skills = match_skills(wanted.skills, profile.skills);
    let certificates = match_certificates(wanted.span, wanted.certificates, profile.certificates);
    let asked = expand(wanted.span, wanted.curve);
    let asked_minutes = sums::total(&asked);
    let free_minutes = free(wanted.span, &profile.load, wanted.counting)
        .map(|free| free.iter().zip(&asked).map(|(free, asked)| *free.min(asked)).sum());
    let share = free_minutes.map(|free: u64| per_thousand(free, asked_minutes));
    let parts = Parts {
        role: wanted.role.map(|role| role_score(role, profile)),
        skills: skill_score(&skills),
        certificates: certificate_score(&certificates),
        free: (asked_minutes > 0).then_some(share),
        location: wanted.location.map(|place| if is_same_place(place, profile.location) { 1_000 } else { 0 }),
    };
    let score = parts.score(weights);
    Candidate { id: profile.load.id, score, parts, skills, certificates, asked_minutes, free_minutes }
}

/// Puts the highest score first, equal ones by id.
pub fn sort<Id: Copy + Ord>(candidates: &mut [Candidate<Id>]) {
    candidates.sort_by_key(|candidate| (Reverse(candidate.score), candidate.id));
}

fn role_score<Id: Copy + Ord>(role: Id, profile: &Profile<'_, Id>) -> u32 {
    if profile.primary_role == Some(role) {
        1_000
    } else if profile.roles.contains(&role) {
        500
    } else {
        0
    }
}

fn is_same_place(place: &str, other: Option<&str>) -> bool {
    other.is_some_and(|other| place.trim().to_lowercase() == other.trim().to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::super::daily::Booked;
    use super::super::daily::Booking;
    use super::super::fraction::Reason;
    use super::super::testing::{booked, day, full_time, load, run, span};
    use super::*;

    const SKILLS: [SkillLevel<u32>; 2] = [SkillLevel { skill: 1, level: 3 }, SkillLevel { skill: 2, level: 2 }];

    fn wanted<'a>(curve: &'a [Run], certificates: &'a [u32]) -> Wanted<'a, u32> {
        Wanted {
            role: Some(7),
            skills: &SKILLS,
            certificates,
            location: Some("Graz "),
            span: span("2024-02-26", "2024-03-03"),
            curve,
            counting: Counting::HardAndSoft,
        }
    }

    fn profile<'a>(load: Load<'a, u32>, skills: &'a [SkillLevel<u32>], held: &'a [Held<u32>]) -> Profile<'a, u32> {
        Profile { primary_role: Some(7), roles: &[8], skills, certificates: held, location: Some(" graz "), load }
    }

    #[test]
    fn a_score_has_its_parts_and_its_reasons() {
        let capacity = full_time(span("2024-02-01", "2024-03-31"));
        let all: [Booked<u32>; 1] = [booked(1, Booking::Soft, run("2024-02-28", "2024-02-29", 360))];
        let curve = [run("2024-02-26", "2024-03-01", 240)];
        let held = [Held { certificate: 5, issued: None, expires: Some(day("2024-03-01")) }];
        let skills = [SkillLevel { skill: 1, level: 2 }];
        let found =
            judge(&wanted(&curve, &[5, 6]), &profile(load(1, &capacity, &all), &skills, &held), Weights::default());
        let share = Some(Ok(800));
        let parts =
            Parts { role: Some(1_000), skills: Some(400), certificates: Some(0), free: share, location: Some(1_000) };
        assert_eq!(found.parts, parts);
        assert_eq!((found.asked_minutes, found.free_minutes), (1_200, Ok(960)));
        assert_eq!(found.certificates, [(5, Validity::Expiring(day("2024-03-01"))), (6, Validity::Missing)]);
        assert_eq!(found.skills.iter().map(|one| (one.asked, one.has)).collect::<Vec<_>>(), [(3, Some(2)), (2, None)]);
        // 20 × 1,000 + 35 × 400 + 15 × 0 + 25 × 800 + 5 × 1,000, of 100.
        assert_eq!(found.score, 590);
        let only_role = Weights { role: 1, skills: 0, certificates: 0, free: 0, location: 0 };
        assert_eq!((parts.score(only_role), parts.score(Weights { role: 0, ..only_role })), (1_000, 1_000));
        let most =
            Weights { role: u16::MAX, skills: u16::MAX, certificates: u16::MAX, free: u16::MAX, location: u16::MAX };
        assert_eq!(parts.score(most), 640);
    }

    #[test]
    fn what_is_not_asked_for_does_not_count() {
        let capacity = full_time(span("2024-02-01", "2024-03-31"));
        let nothing = Wanted { role: None, skills: &[], location: None, ..wanted(&[], &[]) };
        let person = profile(load(1, &capacity, &[]), &[], &[]);
        let found = judge(&nothing, &person, Weights::default());
        assert_eq!((found.score, found.parts.free, found.asked_minutes), (1_000, None, 0));
        let further = Wanted { role: Some(8), ..nothing };
        assert_eq!(judge(&further, &person, Weights::default()).score, 500);
        let other = Wanted { role: Some(9), location: Some("Linz"), ..nothing };
        assert_eq!(judge(&other, &person, Weights::default()).score, 0);
    }

    #[test]
    fn the_order_is_total() {
        let capacity = full_time(span("2024-02-01", "2024-03-31"));
        let curve = [run("2024-02-26", "2024-03-01", 480)];
        let ask = wanted(&curve, &[]);
        let all = [booked(1, Booking::Hard, run("2024-02-26", "2024-03-01", 480))];
        let unknown = Load { capacity: Err(Reason::NoCalendar), ..load(2, &capacity, &[]) };
        let loads = [load(9, &capacity, &all), load(4, &capacity, &[]), unknown, load(3, &capacity, &[])];
        let mut found: Vec<_> =
            loads.into_iter().map(|load| judge(&ask, &profile(load, &SKILLS, &[]), Weights::default())).collect();
        sort(&mut found);
        assert_eq!(found.iter().map(|one| one.id).collect::<Vec<_>>(), [3, 4, 2, 9]);
        assert_eq!(found[2].free_minutes, Err(Reason::NoCalendar));
        assert_eq!(found[2].parts.free, Some(Err(Reason::NoCalendar)));
        assert_eq!((found[2].score, found[3].score), (705, 705));
    }
}
