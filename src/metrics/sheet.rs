//! Figures that others keep, written down at one moment.

use prometheus::{CounterVec, GaugeVec, Opts, Registry, core::Collector, proto::MetricFamily};

/// The figures of one moment.
#[derive(Default)]
pub struct Sheet(Registry);

/// Values with the labels that they are told by.
type Rows<'r, const LABELS: usize> = &'r [([&'r str; LABELS], f64)];

impl Sheet {
    /// What goes up and down.
    pub fn gauge<const LABELS: usize>(
        &self,
        name: &str,
        help: &str,
        labels: [&str; LABELS],
        rows: Rows<'_, LABELS>,
    ) -> Result<(), prometheus::Error> {
        let family = GaugeVec::new(Opts::new(name, help), &labels)?;
        for (values, value) in rows {
            family.get_metric_with_label_values(values)?.set(*value);
        }
        self.keep(family)
    }

    /// What only goes up.
    pub fn counter<const LABELS: usize>(
        &self,
        name: &str,
        help: &str,
        labels: [&str; LABELS],
        rows: Rows<'_, LABELS>,
    ) -> Result<(), prometheus::Error> {
        let family = CounterVec::new(Opts::new(name, help), &labels)?;
        for (values, value) in rows {
            family.get_metric_with_label_values(values)?.inc_by(*value);
        }
        self.keep(family)
    }

    /// All of it.
    pub fn families(&self) -> Vec<MetricFamily> {
        self.0.gather()
    }

    fn keep(&self, family: impl Collector + 'static) -> Result<(), prometheus::Error> {
        self.0.register(Box::new(family))
    }
}

/// A whole number as the format has them.
#[expect(clippy::cast_precision_loss, reason = "numbers of the format are floats; no count here comes near 2^53")]
pub fn float(number: u64) -> f64 {
    number as f64
}
