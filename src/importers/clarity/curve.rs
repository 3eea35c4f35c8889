//! Segments of an allocation.

use super::super::told::{Curve, Segment};
use super::super::value::{Moment, decimal_text};
use super::super::xml::{Element, Fault};
use super::File;

impl File {
    /// The segments of a curve of a name, in the order of time.
    pub(super) fn curve(&mut self, element: &Element, name: &str) -> Result<Curve, Fault> {
        let mut segments = vec![];
        for segment in element.listed(name, "Segment")? {
            segments.push(self.segment(segment)?);
        }
        segments.sort_by_key(|segment| (segment.start, segment.finish));
        let overlapping = segments.windows(2).find(|two| two[1].start < two[0].finish);
        if let Some([earlier, later]) = overlapping {
            let why = format!("it begins before the segment of line {} ends", earlier.line);
            return Err(Fault::new(later.line, format!("{}/{name}/Segment", element.path), why));
        }
        Ok(segments)
    }

    fn segment(&mut self, element: &Element) -> Result<Segment, Fault> {
        let mut instant = |name| {
            let moment = self.moment(element, name)?;
            moment.map(Moment::instant).ok_or_else(|| element.fault(format!("@{name} is missing")))
        };
        let (start, finish) = (instant("start")?, instant("finish")?);
        if finish < start {
            return Err(element.fault(format!("@finish: {finish} is before {start}")));
        }
        let sum = element.needed_attribute("sum", decimal_text)?;
        Ok(Segment { line: element.line, start, finish, sum })
    }
}
