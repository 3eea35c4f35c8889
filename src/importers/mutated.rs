//! Whatever is done to a file, reading it ends in what it tells or in a clear fault, and so does carrying what it
//! tells.

use rust_decimal::Decimal;

use super::carry::{self, Unit};
use super::xml::Fault;
use super::{clarity, given, mspdi};

/// Numbers that look random and are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % (limit.max(1) as u64)).expect("below a limit")
    }
}

const PIECES: [&[u8]; 32] = [
    b"<",
    b">",
    b"&",
    b"&lol;",
    b"&#0;",
    b"&#xB;",
    b"&#55296;",
    b"\0",
    b"\xff",
    b"\xc3",
    b"]]>",
    b"<![CDATA[",
    b"<!--",
    b"<!DOCTYPE x>",
    b"<?x?>",
    b"-",
    b"-1",
    b"99999999999999999999",
    b"9223372036854775807",
    b"24:00:00",
    b"2049-12-31T23:59:00",
    b"9999-12-31T24:00:00",
    b"0001-01-01T00:00:00",
    b"PT-1H",
    b"1E28",
    b"0.0000000000000000000000000001",
    b"</Project>",
    b"<UID>1</UID>",
    b"\"",
    b"/>",
    b"",
    b"<a><a><a>",
];

fn clear(fault: &Fault) {
    let text = fault.to_string();
    assert!(!fault.why.is_empty() && text.chars().count() < 12_000 && !text.contains(char::is_control), "{text:?}");
    assert!(fault.why.chars().count() < 500, "{text}");
}

fn read(name: &str, bytes: &[u8], count: &mut [usize; 2]) {
    let fault = if name.starts_with("xog") { xog(bytes).err() } else { plan(bytes).err() };
    count[usize::from(fault.is_some())] += 1;
    fault.iter().for_each(clear);
}

fn plan(bytes: &[u8]) -> Result<(), Fault> {
    let plan = mspdi::read(bytes)?.content;
    for calendar in &plan.calendars {
        carry::week(&calendar.week).expect("a week that is told is one");
        carry::exceptions(calendar).0.iter().for_each(|one| drop(carry::columns(&one.on)));
    }
    for resource in &plan.resources {
        let _ = (carry::rates(resource), carry::presence(resource));
    }
    for one in &plan.assignments {
        if let Ok(work) = carry::assignment(one, &|_| "08:00-12:00".parse().expect("shifts")) {
            let due = if one.timephased.is_empty() { one.work } else { None };
            let seconds = Decimal::from(work.minutes() * 60) + work.rest;
            assert!(due.is_none_or(|due| Decimal::from(due.seconds) == seconds));
            let _ = work.minutes();
        }
    }
    Ok(())
}

fn xog(bytes: &[u8]) -> Result<(), Fault> {
    let xog = clarity::read(bytes)?.content;
    for booked in xog.projects.iter().flat_map(|project| &project.resources) {
        for unit in [Unit::Hours, Unit::Days { minutes_per_day: u32::MAX }, Unit::Fte, Unit::Percent] {
            let _ = carry::curve(&booked.planned, unit, &|_| 480).map(|work| work.minutes());
        }
    }
    Ok(())
}

#[test]
fn any_change_of_a_file_is_read_or_refused() {
    let mut random = Random(7);
    let mut count = [0, 0];
    let folders = ["mspdi", "clarity-xog"].into_iter().filter_map(given::folder);
    for (name, bytes) in folders.flat_map(|folder| given::files(&folder)) {
        let rounds = if bytes.len() > 60_000 { 2 } else { 10 };
        for _ in 0..rounds {
            let at = random.below(bytes.len());
            read(&name, &bytes[..at], &mut count);
            let mut changed = bytes.clone();
            for _ in 0..=random.below(3) {
                let at = random.below(changed.len());
                let end = (at + random.below(24)).min(changed.len());
                let piece = PIECES[random.below(PIECES.len())];
                changed.splice(at..end, piece.iter().copied());
            }
            read(&name, &changed, &mut count);
            // A value of another kind, in place of a whole one.
            let mut changed = bytes.clone();
            let from = bytes.iter().skip(at).position(|byte| *byte == b'>').map_or(at, |more| at + more + 1);
            let to = bytes.iter().skip(from).position(|byte| *byte == b'<').map_or(from, |more| from + more);
            let piece = PIECES[random.below(PIECES.len())];
            changed.splice(from..to, piece.iter().copied());
            read(&name, &changed, &mut count);
        }
    }
    // Both happen, if there are files at all.
    assert!(count == [0, 0] || count.iter().all(|times| *times > 30), "{count:?}");
}

#[test]
fn any_bytes_are_read_or_refused() {
    let mut random = Random(11);
    for _ in 0..2_000 {
        let length = random.below(60);
        let mut bytes = b"<Project><Calendars><Calendar>".to_vec();
        bytes.truncate(random.below(bytes.len() + 1));
        for _ in 0..length {
            let piece = PIECES[random.below(PIECES.len())];
            bytes.extend_from_slice(piece);
            bytes.push(u8::try_from(random.below(256)).expect("a byte"));
        }
        for fault in [plan(&bytes).err(), xog(&bytes).err()].into_iter().flatten() {
            clear(&fault);
        }
    }
}
