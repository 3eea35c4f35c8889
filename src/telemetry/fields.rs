//! Fields of a line of the log, as the library writes them but for its colors: looking those up for each word took a
//! tenth of a small request.

use std::fmt::{self, Debug};

use tracing::field::{Field, Visit};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::{FormatFields, format::Writer};

/// `name=value`, one blank between two.
pub struct Fields;

impl<'w> FormatFields<'w> for Fields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut line = Line { writer, is_begun: false, done: Ok(()) };
        fields.record(&mut line);
        line.done
    }
}

struct Line<'w> {
    writer: Writer<'w>,
    is_begun: bool,
    done: fmt::Result,
}

impl Line<'_> {
    fn write(&mut self, field: &Field, value: impl FnOnce(&mut Writer<'_>) -> fmt::Result) {
        if self.done.is_ok() {
            self.done = self.name(field).and_then(|()| value(&mut self.writer));
        }
    }

    fn name(&mut self, field: &Field) -> fmt::Result {
        if std::mem::replace(&mut self.is_begun, true) {
            self.writer.write_char(' ')?;
        }
        if field.name() == "message" {
            return Ok(());
        }
        self.writer.write_str(field.name())?;
        self.writer.write_char('=')
    }

    fn number(&mut self, field: &Field, value: impl itoa::Integer) {
        self.write(field, |w| w.write_str(itoa::Buffer::new().format(value)));
    }
}

impl Visit for Line<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            return self.write(field, |w| w.write_str(value));
        }
        let is_plain = value.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'"' && b != b'\\');
        self.write(field, |w| {
            if !is_plain {
                return write!(w, "{value:?}");
            }
            w.write_char('"')?;
            w.write_str(value)?;
            w.write_char('"')
        });
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.number(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.number(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // Fields of the library that brings lines of other libraries here.
        if !field.name().starts_with("log.") {
            self.write(field, |w| write!(w, "{value:?}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use tracing_subscriber::{fmt::MakeWriter, layer::SubscriberExt as _};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("whole").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'w> MakeWriter<'w> for Kept {
        type Writer = Self;

        fn make_writer(&'w self) -> Self {
            self.clone()
        }
    }

    #[test]
    fn fields_are_written_as_the_library_writes_them() {
        let lines = [Kept::default(), Kept::default()];
        let [ours, theirs] = lines.clone();
        let write = || {
            let span = tracing::info_span!("request", path = "/a b", later = tracing::field::Empty, is_so = true);
            let _inside = span.enter();
            span.record("later", "a\"\\\n\u{1b}é");
            tracing::info!(signed = -7, unsigned = 7_u64, name = %"x y", list = ?[1, 2], "answered {}", 1);
            tracing::info!(cause = "no message");
        };
        let plain = || tracing_subscriber::fmt::layer().with_ansi(false).without_time();
        let with_ours = tracing_subscriber::registry().with(plain().fmt_fields(Fields).with_writer(ours));
        tracing::subscriber::with_default(with_ours, write);
        let with_theirs = tracing_subscriber::registry().with(plain().with_writer(theirs));
        tracing::subscriber::with_default(with_theirs, write);
        let [ours, theirs] = lines.map(|kept| String::from_utf8(kept.0.lock().expect("whole").clone()).expect("text"));
        assert_eq!(ours, theirs);
        assert!(ours.contains(r#"later="a\"\\\n\u{1b}é""#), "{ours}");
    }
}
