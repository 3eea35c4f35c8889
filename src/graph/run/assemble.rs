//! Puts connections together from rows, figures and cursors.

use super::{
    super::{
        json,
        plan::{ConnectionOp, Level},
    },
    Fetched, Parents, Pieces, Run, Written,
    arguments::Asked,
    figures::Figures,
};

/// What stands around the rows of a parent, roughly.
const ROOM_EACH: usize = 32;

impl Run<'_> {
    #[allow(clippy::too_many_arguments)] // the parts of a connection
    pub(super) fn assemble(
        &mut self,
        level: &Level,
        asked: &Asked,
        parents: &Parents,
        totals: Option<&Figures>,
        groups: &[Vec<Vec<u8>>],
        fetched: &Fetched,
    ) -> Pieces {
        let room: usize = fetched.written.iter().map(|written| written.buffer.len() + written.ends.len()).sum();
        let buffer = Vec::with_capacity(room + ROOM_EACH * parents.count);
        let mut out = Pieces { buffer, ranges: vec![(0, 0); parents.count] };
        #[allow(clippy::needless_range_loop)] // one number names the parent in several lists
        for owner in 0..parents.count {
            let from = out.buffer.len();
            let (start, shown, read) = fetched.spans[owner];
            if level.shape.is_empty() {
                if shown > 0 {
                    out.buffer.extend_from_slice(fetched.written[0].rows(start, 1));
                }
            } else {
                let more = read > shown;
                let (first, last) = &fetched.ends[owner];
                let (first, last) = if asked.backward { (last, first) } else { (first, last) };
                for op in &level.shape {
                    let truth = |b: bool| if b { &b"true"[..] } else { b"false" };
                    match op {
                        ConnectionOp::Lit(bytes) => out.buffer.extend_from_slice(bytes),
                        ConnectionOp::Rows(i) => {
                            rows_into(&mut out.buffer, &fetched.written[*i], start, shown, asked.backward);
                        }
                        ConnectionOp::HasNext => out.buffer.extend_from_slice(truth(if asked.backward {
                            asked.before.is_some()
                        } else {
                            more
                        })),
                        ConnectionOp::HasPrevious => out.buffer.extend_from_slice(truth(if asked.backward {
                            more
                        } else {
                            asked.after.is_some()
                        })),
                        ConnectionOp::Start => self.cursor_into(&mut out.buffer, fetched, first),
                        ConnectionOp::End => self.cursor_into(&mut out.buffer, fetched, last),
                        ConnectionOp::Totals(ops) => self.write_totals(&mut out.buffer, ops, totals, owner),
                        ConnectionOp::Groups(i) => out.buffer.extend_from_slice(&groups[*i][owner]),
                    }
                }
            }
            out.ranges[owner] = (from, out.buffer.len());
        }
        out
    }

    /// The signed cursor of a row with these order keys; null where there is no row.
    fn cursor_into(&self, out: &mut Vec<u8>, fetched: &Fetched, keys: &[u8]) {
        if keys.is_empty() {
            out.extend_from_slice(b"null");
        } else {
            json::string(out, &self.signer.sign(fetched.list, keys));
        }
    }
}

fn rows_into(out: &mut Vec<u8>, written: &Written, start: usize, shown: usize, backward: bool) {
    out.push(b'[');
    if backward {
        for at in (start..start + shown).rev() {
            let row = written.rows(at, 1);
            out.extend_from_slice(if at > start { &row[1..] } else { row });
            if at > start {
                out.push(b',');
            }
        }
    } else {
        out.extend_from_slice(written.rows(start, shown));
    }
    out.push(b']');
}
