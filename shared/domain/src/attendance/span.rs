//! Which part of a person's time has to be looked at again after a change.
//!
//! A change of a shift or a punch can move what is matched around it: by the window, by a named shift a day
//! away, and from one pair to the next. [`REACH_SECONDS`] around it is decided again, and to decide that,
//! [`MARGIN_SECONDS`] more on both sides are read. It is enough as long as nobody works for three days without
//! a pause that is longer than the window.

/// A change is felt so far from it, in seconds.
pub const REACH_SECONDS: i64 = 48 * 3_600;
/// What decides lies so far from what is decided at the most, in seconds.
pub const MARGIN_SECONDS: i64 = 72 * 3_600;

/// From and to, in Unix seconds, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub from: i64,
    pub to: i64,
}

impl Span {
    /// All there is.
    pub const ALWAYS: Self = Self {
        from: i64::MIN,
        to: i64::MAX,
    };

    /// What has to be read to decide it.
    #[must_use]
    pub const fn to_read(self) -> Self {
        Self {
            from: self.from.saturating_sub(MARGIN_SECONDS),
            to: self.to.saturating_add(MARGIN_SECONDS),
        }
    }

    #[must_use]
    pub const fn has(self, at: i64) -> bool {
        self.from <= at && at <= self.to
    }
}

/// What has to be decided again after changes at these times, in order, without overlaps. Spans that would
/// read the same rows are one.
#[must_use]
pub fn affected(mut times: Vec<i64>) -> Vec<Span> {
    times.sort_unstable();
    let mut spans: Vec<Span> = Vec::new();
    for at in times {
        let span = Span {
            from: at.saturating_sub(REACH_SECONDS),
            to: at.saturating_add(REACH_SECONDS),
        };
        match spans.last_mut() {
            Some(last) if span.to_read().from <= last.to_read().to => last.to = span.to,
            _ => spans.push(span),
        }
    }
    spans
}
