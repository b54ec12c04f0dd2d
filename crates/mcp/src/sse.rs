//! Server-sent events, byte by byte (WHATWG HTML, 9.2.6).
//!
//! Chunks may be cut anywhere: inside a character, between CR and LF, inside a field name. Lines are decoded only when
//! they are whole, so a cut never changes what is read.

/// One dispatched event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SseEvent {
    /// The `event` field; empty means `message`.
    pub kind: String,
    /// The `data` lines, joined with LF.
    pub data: String,
}

/// More than allowed in one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

/// The parser's state between chunks.
#[derive(Debug, Default)]
pub struct Parser {
    limit: usize,
    line: Vec<u8>,
    after_cr: bool,
    started: bool,
    kind: String,
    data: String,
    has_data: bool,
    id: Option<String>,
    last_id: Option<String>,
    retry: Option<u64>,
}

impl Parser {
    /// A parser that refuses lines and events of more than `limit` bytes. `last_id` is the id a resumed stream goes on
    /// from.
    pub fn new(limit: usize, last_id: Option<String>) -> Self {
        Self { limit, id: last_id.clone(), last_id, ..Self::default() }
    }

    /// Where a resumption goes on from. An id without data counts too: servers prime a stream with one.
    pub(crate) fn last_id(&self) -> Option<&str> {
        self.last_id.as_deref()
    }

    /// The last `retry` field, in milliseconds.
    pub(crate) fn retry(&self) -> Option<u64> {
        self.retry
    }

    /// Takes a chunk and appends every event that it completes to `events`.
    ///
    /// # Errors
    /// When a line or an event is longer than the limit.
    pub fn feed(&mut self, chunk: &[u8], events: &mut Vec<SseEvent>) -> Result<(), TooLong> {
        let mut rest = chunk;
        if self.after_cr && !rest.is_empty() {
            self.after_cr = false;
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
        }
        while let Some(end) = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')) {
            let (head, tail) = rest.split_at(end);
            self.push(head)?;
            let line = std::mem::take(&mut self.line);
            self.line_done(&line, events)?;
            rest = match tail {
                [b'\r', b'\n', rest @ ..] => rest,
                [b'\r'] => {
                    self.after_cr = true;
                    &[]
                }
                [_, rest @ ..] => rest,
                [] => &[],
            };
        }
        self.push(rest)
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        if self.line.len() + bytes.len() > self.limit {
            return Err(TooLong);
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    fn line_done(&mut self, line: &[u8], events: &mut Vec<SseEvent>) -> Result<(), TooLong> {
        let line = if self.started { line } else { line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line) };
        self.started = true;
        if line.is_empty() {
            self.dispatch(events);
            return Ok(());
        }
        let text = String::from_utf8_lossy(line);
        let (field, value) = match text.split_once(':') {
            Some((field, value)) => (field, value.strip_prefix(' ').unwrap_or(value)),
            None => (text.as_ref(), ""),
        };
        match field {
            "data" => {
                if self.data.len() + value.len() > self.limit {
                    return Err(TooLong);
                }
                if self.has_data {
                    self.data.push('\n');
                }
                self.data.push_str(value);
                self.has_data = true;
            }
            "event" => self.kind = value.to_owned(),
            "id" if !value.contains('\0') => self.id = Some(value.to_owned()).filter(|id| !id.is_empty()),
            "retry" if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
                self.retry = Some(value.parse().unwrap_or(u64::MAX));
            }
            _ => {}
        }
        Ok(())
    }

    fn dispatch(&mut self, events: &mut Vec<SseEvent>) {
        let kind = std::mem::take(&mut self.kind);
        let data = std::mem::take(&mut self.data);
        self.last_id.clone_from(&self.id);
        if std::mem::take(&mut self.has_data) {
            events.push(SseEvent { kind, data });
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(parts: &[&[u8]]) -> (Vec<SseEvent>, Option<String>, Option<u64>) {
        let mut parser = Parser::new(1 << 20, None);
        let mut events = Vec::new();
        for part in parts {
            parser.feed(part, &mut events).expect("within the limit");
        }
        (events, parser.last_id().map(Into::into), parser.retry())
    }

    fn event(kind: &str, data: &str) -> SseEvent {
        SseEvent { kind: kind.into(), data: data.into() }
    }

    #[test]
    fn fields_comments_and_line_ends() {
        let stream =
            "\u{feff}: hello\r\nevent: message\r\ndata: {\"a\":\r\ndata:1}\r\n\r\nid: 7\rdata\r\r:keep\n\ndata:  x\n\n";
        let (events, last_id, _) = all(&[stream.as_bytes()]);
        assert_eq!(events, [event("message", "{\"a\":\n1}"), event("", ""), event("", " x")]);
        assert_eq!(last_id.as_deref(), Some("7"));
    }

    #[test]
    fn an_id_without_data_primes_the_stream() {
        assert_eq!(all(&[b"id: p-0\nretry: 500\n\n"]), (vec![], Some("p-0".into()), Some(500)));
        assert_eq!(
            all(&[b"id: p-0\ndata:\n\nid: p-1\ndata: x"]).1.as_deref(),
            Some("p-0"),
            "unfinished events do not count"
        );
    }

    #[test]
    fn an_event_that_is_not_finished_is_not_dispatched() {
        assert_eq!(all(&[b"data: 1\n\ndata: 2\n"]).0, [event("", "1")]);
    }

    #[test]
    fn retry_takes_digits_only() {
        let mut parser = Parser::new(100, None);
        let mut events = Vec::new();
        parser.feed(b"retry: 500\nretry: 1e9\nretry:\n", &mut events).expect("fits");
        assert_eq!(parser.retry(), Some(500));
    }

    #[test]
    fn every_cut_reads_the_same() {
        let stream =
            "id: é1\r\nevent: message\r\ndata: {\"t\":\"日本語 🦀\"}\r\n\r\n:\r\nretry: 9\rdata: ü\r\rdata: last\n\n"
                .as_bytes();
        let whole = all(&[stream]);
        assert_eq!(whole.0.len(), 3);
        for at in 0..=stream.len() {
            let (a, b) = stream.split_at(at);
            assert_eq!(all(&[a, b]), whole, "cut at {at}");
            assert_eq!(all(&[a, b"", b]), whole, "cut at {at} with an empty chunk");
        }
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(all(&bytes), whole);
    }

    #[test]
    fn x58_a_line_or_an_event_without_end_is_refused() {
        let mut parser = Parser::new(100, None);
        let mut events = Vec::new();
        assert_eq!((0..100).try_for_each(|_| parser.feed(b"data: xx", &mut events)), Err(TooLong));
        let mut parser = Parser::new(100, None);
        assert_eq!((0..100).try_for_each(|_| parser.feed(b"data: xxxxxxx\n", &mut events)), Err(TooLong));
        assert!(events.is_empty());
    }

    proptest! {
        #[test]
        fn garbage_cut_anywhere_reads_like_garbage_in_one_piece(
            bytes in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b':'), Just(b'd'), any::<u8>()], 0..400),
            cuts in proptest::collection::vec(0usize..400, 0..8),
        ) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.push(bytes.len());
            cuts.sort_unstable();
            let mut parts = Vec::new();
            let mut from = 0;
            for cut in cuts {
                parts.push(&bytes[from..cut]);
                from = cut;
            }
            prop_assert_eq!(all(&parts), all(&[&bytes]));
        }
    }
}
