//! Watermarks: how far somebody has read, and with which rights. As text they are sealed: a readable position would tell
//! how much happens that she cannot see.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::view::ViewHash;
use crate::{
    error::{Code, Error},
    graph::Signer,
};

/// What a text begins with, for the day when it looks different.
const VERSION: u8 = 1;
/// Views that one change of rights may pass through before it is done.
const MOST_VIEWS: usize = 8;

/// How far somebody has read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Watermark {
    /// Events up to here are known to her.
    pub position: i64,
    /// The view that she had there; while it is changing, those after it too, the last being the one that it becomes.
    pub views: Vec<ViewHash>,
    /// Where in a change of views she is.
    pub place: Option<Place>,
}

/// How far a change of views has been told.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// Hash of what is followed: the places of one selection mean nothing in another.
    pub selection: [u8; 8],
    /// The type, by its number in the selection.
    pub entity: u16,
    /// The last row of that type.
    pub id: Uuid,
    /// When that was.
    pub at: DateTime<Utc>,
}

impl Watermark {
    /// At a position, with one view.
    pub fn at(position: i64, view: ViewHash) -> Self {
        Self { position, views: vec![view], place: None }
    }

    /// Whether one more view can be passed through.
    pub fn has_room(&self) -> bool {
        self.views.len() < MOST_VIEWS
    }

    /// The text, the same for the same watermark: for a change that is shown.
    pub fn text(&self, signer: &Signer) -> String {
        signer.seal(&self.content([0; 8]))
    }

    /// A text that is new each time: for where a page ends, which may be at something hidden. Equal texts would tell that
    /// nothing happened, different ones that something did.
    pub fn fresh_text(&self, signer: &Signer) -> Result<String, Error> {
        let mut salt = [0; 8];
        getrandom::fill(&mut salt).map_err(|e| Error::internal(e.to_string()))?;
        Ok(signer.seal(&self.content(salt)))
    }

    /// The watermark of a text.
    pub fn read(text: &str, signer: &Signer) -> Result<Self, Error> {
        let content = signer.unseal(text)?;
        // Sealed by us, so only another version can look different.
        Self::parse(&content).ok_or_else(|| {
            Error::new(Code::CursorMismatch, "This cursor is of another version of the server. Start again without it.")
        })
    }

    fn content(&self, salt: [u8; 8]) -> Vec<u8> {
        let mut out = vec![VERSION, u8::try_from(self.views.len()).unwrap_or(u8::MAX)];
        out.extend_from_slice(&salt);
        out.extend_from_slice(&self.position.to_be_bytes());
        self.views.iter().for_each(|view| out.extend_from_slice(view));
        if let Some(place) = &self.place {
            out.extend_from_slice(&place.selection);
            out.extend_from_slice(&place.entity.to_be_bytes());
            out.extend_from_slice(place.id.as_bytes());
            out.extend_from_slice(&place.at.timestamp_millis().to_be_bytes());
        }
        out
    }

    fn parse(content: &[u8]) -> Option<Self> {
        let (head, rest) = content.split_first_chunk::<2>()?;
        let (_salt, rest) = rest.split_first_chunk::<8>()?;
        let (position, mut rest) = rest.split_first_chunk::<8>()?;
        if head[0] != VERSION {
            return None;
        }
        let mut views = vec![];
        for _ in 0..head[1] {
            let (view, after) = rest.split_first_chunk::<16>()?;
            views.push(*view);
            rest = after;
        }
        let place = if rest.is_empty() {
            None
        } else {
            let (selection, rest) = rest.split_first_chunk::<8>()?;
            let (entity, rest) = rest.split_first_chunk::<2>()?;
            let (id, rest) = rest.split_first_chunk::<16>()?;
            Some(Place {
                selection: *selection,
                entity: u16::from_be_bytes(*entity),
                id: Uuid::from_bytes(*id),
                at: DateTime::from_timestamp_millis(i64::from_be_bytes(rest.try_into().ok()?))?,
            })
        };
        Some(Self { position: i64::from_be_bytes(*position), views, place })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watermark(position: i64) -> Watermark {
        let place = Place { selection: [3; 8], entity: 5, id: Uuid::from_u128(7), at: DateTime::UNIX_EPOCH };
        Watermark { position, views: vec![[1; 16], [2; 16]], place: Some(place) }
    }

    #[test]
    fn a_text_is_taken_back_by_the_server_that_gave_it() {
        let (ours, theirs) = (Signer::new(b"ours"), Signer::new(b"theirs"));
        for given in [watermark(9), Watermark::at(0, [4; 16])] {
            assert_eq!(Watermark::read(&given.text(&ours), &ours).expect("ours"), given);
            let fresh = given.fresh_text(&ours).expect("random");
            assert_eq!(Watermark::read(&fresh, &ours).expect("ours"), given);
            assert_ne!(fresh, given.fresh_text(&ours).expect("random"));
            assert_eq!(Watermark::read(&given.text(&theirs), &ours).expect_err("theirs").code, Code::CursorMismatch);
        }
    }

    #[test]
    fn no_byte_can_be_changed_and_none_be_read() {
        use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
        let signer = Signer::new(b"ours");
        let bytes = URL_SAFE_NO_PAD.decode(watermark(9).text(&signer)).expect("base64");
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(Watermark::read(&URL_SAFE_NO_PAD.encode(changed), &signer).is_err(), "byte {at}");
        }
        // Neighbors share nothing but the first byte's version.
        let next = URL_SAFE_NO_PAD.decode(watermark(10).text(&signer)).expect("base64");
        let same = bytes.iter().zip(&next).skip(1).filter(|(a, b)| a == b).count();
        assert!(same < bytes.len() / 8, "{same} of {} bytes are the same", bytes.len());
    }
}
