//! From a figure to a color. A stored color changes only when the figure has crossed a bound by the margin: what lies on
//! a bound does not flicker.

use rust_decimal::Decimal;

use super::catalogue::Bounds;

/// A color of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// As it should be.
    Green,
    /// Watch it.
    Amber,
    /// Act.
    Red,
}

impl Status {
    /// As stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Green => "GREEN",
            Self::Amber => "AMBER",
            Self::Red => "RED",
        }
    }

    /// From what is stored.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Green, Self::Amber, Self::Red].into_iter().find(|status| status.as_str() == text)
    }
}

/// The color by plain bounds; none without any.
pub fn plain(bounds: &Bounds, value: Decimal) -> Option<Status> {
    (!bounds.is_empty()).then(|| by(bounds, value, Decimal::ZERO))
}

/// The color after another one: it gets better or worse only beyond the bound by the margin.
pub fn after(before: Option<Status>, bounds: &Bounds, margin: i64, value: Decimal) -> Option<Status> {
    let now = plain(bounds, value)?;
    let Some(before) = before.filter(|before| *before != now) else { return Some(now) };
    let margin = Decimal::from_i128_with_scale(margin.into(), 9);
    // Worse needs bounds that are wider by the margin to be left too, better needs narrower ones to be met.
    let strict = if now > before { by(bounds, value, margin) } else { by(bounds, value, -margin) };
    Some(if now > before { strict.max(before) } else { strict.min(before) })
}

/// The color with bounds that are wider by so much.
fn by(bounds: &Bounds, value: Decimal, wider: Decimal) -> Status {
    let bound = |bound: i64| Decimal::from_i128_with_scale(bound.into(), 9);
    let within = |from: Option<i64>, to: Option<i64>| {
        from.is_none_or(|from| value >= bound(from) - wider) && to.is_none_or(|to| value <= bound(to) + wider)
    };
    if within(bounds.green_from, bounds.green_to) {
        Status::Green
    } else if within(bounds.amber_from, bounds.amber_to) {
        Status::Amber
    } else {
        Status::Red
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::dec;

    use super::*;

    const UP: Bounds =
        Bounds { green_from: Some(950_000_000), green_to: None, amber_from: Some(900_000_000), amber_to: None };
    const RANGE: Bounds = Bounds {
        green_from: Some(900_000_000),
        green_to: Some(1_050_000_000),
        amber_from: Some(800_000_000),
        amber_to: Some(1_100_000_000),
    };
    const MARGIN: i64 = 10_000_000;

    #[test]
    fn plain_bounds_include_themselves() {
        for (value, status) in [
            (dec!(0.95), Status::Green),
            (dec!(0.949), Status::Amber),
            (dec!(0.9), Status::Amber),
            (dec!(0.8999), Status::Red),
        ] {
            assert_eq!(plain(&UP, value), Some(status));
        }
        for (value, status) in [
            (dec!(1.05), Status::Green),
            (dec!(1.06), Status::Amber),
            (dec!(1.11), Status::Red),
            (dec!(0.79), Status::Red),
        ] {
            assert_eq!(plain(&RANGE, value), Some(status));
        }
        assert_eq!(plain(&Bounds::default(), dec!(1)), None);
    }

    #[test]
    fn a_color_changes_only_beyond_the_bound_by_the_margin() {
        let step = |before, value| after(Some(before), &UP, MARGIN, value).expect("a status");
        assert_eq!(step(Status::Green, dec!(0.945)), Status::Green);
        assert_eq!(step(Status::Green, dec!(0.939)), Status::Amber);
        assert_eq!(step(Status::Amber, dec!(0.955)), Status::Amber);
        assert_eq!(step(Status::Amber, dec!(0.96)), Status::Green);
        // Far enough for amber, not yet for red.
        assert_eq!(step(Status::Green, dec!(0.895)), Status::Amber);
        assert_eq!(step(Status::Green, dec!(0.88)), Status::Red);
        assert_eq!(step(Status::Red, dec!(0.955)), Status::Amber);
        assert_eq!(step(Status::Red, dec!(0.905)), Status::Red);
        assert_eq!(after(None, &UP, MARGIN, dec!(0.945)), Some(Status::Amber));
        let range = |before, value| after(Some(before), &RANGE, MARGIN, value).expect("a status");
        assert_eq!(range(Status::Green, dec!(1.055)), Status::Green);
        assert_eq!(range(Status::Amber, dec!(1.045)), Status::Amber);
        assert_eq!(range(Status::Amber, dec!(1.04)), Status::Green);
    }
}
