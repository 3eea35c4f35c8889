//! One operation of a connection. A subscription reads the outbox from its own cursor at its client's pace: what the client
//! has not taken is read later, so nothing is dropped and nothing piles up. Rights are looked at again before each event.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::{
    app::App,
    auth::{AccessMode, Caller, Identity},
    error::{Code, Error},
    events::{Page, Watermark},
    graph::{self, Followed, Following, Outcome, Request, Started, not_taken, refusal_of, refused},
    kpi::stream::{Selection, ValuePage},
    metrics::Ending,
};

/// When to look again after something happened: what is known of a caller is that old at most.
const SOON: Duration = Duration::from_secs(5);
/// When to look again where nothing happens: rights change by the calendar.
const LATER: Duration = Duration::from_mins(1);

/// Items whose values of now are made at a time.
const FIRST_ITEMS: usize = 50;

/// An answer of an operation.
pub struct Next {
    /// The answer.
    pub body: Bytes,
    /// Where to go on after it, where it is an event.
    pub cursor: Option<String>,
}

/// Why a connection ends for an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The credential's time is over.
    Expired,
    /// The credential no longer holds.
    Revoked,
}

/// What an operation has for its connection.
pub enum Output {
    /// An answer.
    Next(Next),
    /// Errors that end it.
    Error(serde_json::Value),
    /// Its end.
    Complete,
    /// The end of the connection.
    Close(Ended),
}

/// Where an operation's output goes: its number on the socket, and the output.
pub type Sender = mpsc::Sender<(u64, Output)>;

/// An operation at work.
pub struct Operation {
    /// The app.
    pub app: Arc<App>,
    /// Whose it is.
    pub identity: Arc<Identity>,
    /// Its number on the socket.
    pub number: u64,
    /// Whether its connection names the cursor of each event.
    pub names_cursors: bool,
    /// Its way out.
    pub out: Sender,
}

/// The socket is gone, or the operation has said that it ends.
struct Done;

/// A page of what a subscription follows.
enum Told {
    Changes(Arc<Page>),
    Values(Arc<ValuePage>),
}

impl Told {
    fn len(&self) -> usize {
        match self {
            Self::Changes(page) => page.changes.len(),
            Self::Values(page) => page.events.len(),
        }
    }

    fn event(&self, number: usize) -> (graph::Told<'_>, &Watermark) {
        match self {
            Self::Changes(page) => (graph::Told::Change(&page.changes[number]), &page.changes[number].cursor),
            Self::Values(page) => (graph::Told::Value(&page.events[number]), &page.events[number].cursor),
        }
    }

    fn watermark(&self) -> &Watermark {
        match self {
            Self::Changes(page) => &page.watermark,
            Self::Values(page) => &page.watermark,
        }
    }

    fn has_more(&self) -> bool {
        match self {
            Self::Changes(page) => page.has_more,
            Self::Values(page) => page.has_more,
        }
    }
}

impl Operation {
    /// Runs to its end.
    pub async fn run(self, request: Request) {
        // Either way the end was told, or there is nobody to tell.
        let _: Result<(), Done> = self.work(request).await;
    }

    async fn work(&self, request: Request) -> Result<(), Done> {
        let caller = self.caller().await?;
        match self.start(request, &caller).await {
            Started::Answered(answer) => {
                if let Outcome::Refused(_) = answer.outcome {
                    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
                    return self.send(Output::Error(body["errors"].clone())).await;
                }
                self.next(answer.body, None).await?;
                self.send(Output::Complete).await
            }
            Started::Following(following) => {
                // The loop's state lives on the heap: an idle subscription is as small as it can be.
                Box::pin(self.follow(&following, &caller)).await
            }
        }
    }

    /// Answers a query or a mutation, or prepares a subscription, within the time of a request.
    pub async fn start(&self, request: Request, caller: &Caller) -> Started {
        let request_id = request.request_id.clone();
        let mut observed = self.app.metrics.requests.begin();
        let admitted = match self.app.allowances.admit(caller) {
            Ok(admitted) => admitted,
            Err(refused) => {
                observed.ends(Ending::Limited);
                return Started::Answered(not_taken(*refused, &request_id));
            }
        };
        let starting = Box::pin(self.app.engine.start(request, caller, admitted, &mut observed));
        if let Ok(started) = tokio::time::timeout(self.app.allowances.limits(caller).time(), starting).await {
            return started;
        }
        observed.ends(Ending::Timeout);
        Started::Answered(refusal_of(Error::late(), &request_id))
    }

    /// Follows a subscription to its end.
    pub async fn run_on(self, following: Box<Following>, caller: Arc<Caller>) {
        let _: Result<(), Done> = Box::pin(self.follow(&following, &caller)).await;
    }

    async fn follow(&self, following: &Following, caller: &Caller) -> Result<(), Done> {
        let _followed = self.app.sockets.follow();
        let mut head = self.app.events.head();
        let mut wait = LATER;
        let mut at = match self.begin(following, caller).await {
            Ok(begun) => begun?,
            Err(e) => return self.fail(e, following.request_id()).await,
        };
        loop {
            head.mark_unchanged();
            let caller = self.caller().await?;
            match self.page(following, &caller, &at).await {
                Ok(page) => {
                    if self.tell(following, &caller, &page, &mut at).await? {
                        continue;
                    }
                }
                Err(e) if e.code == Code::CursorExpired => {
                    at = self.reset(following, &caller).await?;
                    continue;
                }
                Err(e) if e.code.is_retryable() => {}
                Err(e) => return self.fail(e, following.request_id()).await,
            }
            let moved = tokio::time::timeout(wait, head.changed()).await.is_ok();
            wait = if moved { SOON } else { LATER };
        }
    }

    /// What comes after a watermark.
    async fn page(&self, following: &Following, caller: &Caller, at: &Watermark) -> Result<Told, Error> {
        let events = &self.app.events;
        match &following.followed {
            Followed::Changes(selection) | Followed::Rows(selection, ..) => {
                events.follow(caller, at, selection).await.map(Told::Changes)
            }
            Followed::Values(selection) => events.follow_values(caller, at, selection).await.map(Told::Values),
        }
    }

    /// Tells the values of now, where they were asked for.
    async fn introduce(
        &self,
        following: &Following,
        caller: &Caller,
        at: &Watermark,
    ) -> Result<Result<(), Done>, Error> {
        let Followed::Values(selection) = &following.followed else { return Ok(Ok(())) };
        if !selection.is_initial {
            return Ok(Ok(()));
        }
        let items = Box::pin(self.app.events.values.followed(caller, selection)).await?;
        for some in items.chunks(FIRST_ITEMS) {
            if let Err(done) = Box::pin(self.introduce_some(following, at, (selection, some))).await? {
                return Ok(Err(done));
            }
        }
        Ok(Ok(()))
    }

    /// Tells the values of now of some items, made when what came before was taken; again where her rights became others
    /// meanwhile.
    async fn introduce_some(
        &self,
        following: &Following,
        at: &Watermark,
        which: (&Selection, &[Uuid]),
    ) -> Result<Result<(), Done>, Error> {
        'again: loop {
            let caller = match self.caller().await {
                Ok(caller) => caller,
                Err(done) => return Ok(Err(done)),
            };
            let when = (self.app.clock.today(), self.app.clock.now());
            let page = Box::pin(self.app.events.values.initial(&caller, at, which, when)).await?;
            for value in &page.events {
                match self.caller().await {
                    Ok(now) if !now.sees_like(&caller) => continue 'again,
                    Ok(_) => {}
                    Err(done) => return Ok(Err(done)),
                }
                let body = self.app.engine.tell(following, &caller, graph::Told::First(value)).await?;
                if let Err(done) = self.next(body, None).await {
                    return Ok(Err(done));
                }
            }
            return Ok(Ok(()));
        }
    }

    /// Where it begins, which it has told if that is not where it was asked to.
    async fn begin(&self, following: &Following, caller: &Caller) -> Result<Result<Watermark, Done>, Error> {
        let feed = &self.app.events.feed;
        let Some(text) = &following.after else {
            // Looked at before the values: what changes meanwhile is told again rather than missed.
            let at = Box::pin(feed.live(caller)).await?;
            return Ok(Box::pin(self.introduce(following, caller, &at)).await?.map(|()| at));
        };
        let at = feed.read(text)?;
        if at.position < Box::pin(self.app.events.too_long_ago()).await? {
            return Ok(self.reset(following, caller).await);
        }
        Ok(Ok(at))
    }

    async fn reset(&self, following: &Following, caller: &Caller) -> Result<Watermark, Done> {
        let at = match Box::pin(self.app.events.feed.live(caller)).await {
            Ok(at) => at,
            Err(e) => return Err(self.failed(e, following).await),
        };
        match self.app.engine.tell(following, caller, graph::Told::Reset(&at)).await {
            Ok(body) => self.next(body, Some(&at)).await.map(|()| at),
            Err(e) => Err(self.failed(e, following).await),
        }
    }

    /// Tells a page; whether to go on at once.
    async fn tell(
        &self,
        following: &Following,
        caller: &Arc<Caller>,
        page: &Told,
        at: &mut Watermark,
    ) -> Result<bool, Done> {
        for number in 0..page.len() {
            // A slow client took the last event a while ago: her rights may be others by now.
            let now = self.caller().await?;
            if !Arc::ptr_eq(&now, caller) && !now.sees_like(caller) {
                return Ok(true);
            }
            let (told, cursor) = page.event(number);
            if let graph::Told::Change(change) = told
                && !following.tells(change)
            {
                *at = cursor.clone();
                continue;
            }
            match self.app.engine.tell(following, caller, told).await {
                Ok(body) => {
                    self.next(body, Some(cursor)).await?;
                    self.app.sockets.told();
                }
                // The same event again, after a while.
                Err(e) if e.code.is_retryable() => return Ok(false),
                Err(e) => return Err(self.failed(e, following).await),
            }
            *at = cursor.clone();
        }
        *at = page.watermark().clone();
        Ok(page.has_more())
    }

    /// Who asks, with the rights of now; the socket is closed where the credential no longer holds.
    async fn caller(&self) -> Result<Arc<Caller>, Done> {
        if self.identity.expires_at <= self.app.clock.now() {
            self.send(Output::Close(Ended::Expired)).await?;
            return Err(Done);
        }
        loop {
            match Box::pin(self.app.caller_of(self.identity.clone())).await {
                Ok(caller) => return Ok(caller),
                Err(e) if e.code.is_retryable() => tokio::time::sleep(SOON).await,
                Err(e) => {
                    let end = if e.code == Code::TokenExpired { Ended::Expired } else { Ended::Revoked };
                    self.send(Output::Close(end)).await?;
                    return Err(Done);
                }
            }
        }
    }

    async fn fail(&self, error: Error, request_id: &str) -> Result<(), Done> {
        self.send(Output::Error(refused(error, request_id))).await
    }

    async fn failed(&self, error: Error, following: &Following) -> Done {
        let _ = self.fail(error, following.request_id()).await;
        Done
    }

    async fn next(&self, body: Bytes, cursor: Option<&Watermark>) -> Result<(), Done> {
        let cursor = cursor.filter(|_| self.names_cursors).map(|at| at.text(&self.app.events.feed.signer));
        self.send(Output::Next(Next { body, cursor })).await
    }

    async fn send(&self, output: Output) -> Result<(), Done> {
        self.out.send((self.number, output)).await.map_err(|_| Done)
    }
}

/// What the first message asks for; none leaves it to the caller's credential.
/// The error says that it asks for something else.
pub fn access_mode(payload: &serde_json::Map<String, serde_json::Value>) -> Result<Option<AccessMode>, ()> {
    let Some(mode) = payload.get("accessMode") else { return Ok(None) };
    mode.as_str().and_then(AccessMode::parse).map(Some).ok_or(())
}
