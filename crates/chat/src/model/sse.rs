//! Server-sent events as model providers send them: only the `data` of each event counts.

/// The longest event that is taken, in bytes.
const MAX_EVENT: usize = 8 * 1024 * 1024;

/// Takes bytes, split anywhere, and gives the data of each event. Lines end with LF, CR or CRLF; lines that begin with
/// a colon are comments; `event`, `id` and `retry` are not used by these wires.
#[derive(Debug, Default)]
pub(crate) struct Events {
    line: Vec<u8>,
    data: Option<String>,
    after_cr: bool,
    size: usize,
    begun: bool,
}

/// An event grew too long.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

impl Events {
    /// The data of the events that `chunk` completes.
    pub(crate) fn push(&mut self, chunk: &[u8]) -> Result<Vec<String>, TooLong> {
        let mut out = Vec::new();
        for byte in chunk {
            let lf_of_crlf = std::mem::take(&mut self.after_cr) && *byte == b'\n';
            if lf_of_crlf {
                continue;
            }
            match byte {
                b'\n' | b'\r' => {
                    self.after_cr = *byte == b'\r';
                    out.extend(self.end_line());
                }
                _ => {
                    self.size += 1;
                    if self.size > MAX_EVENT {
                        return Err(TooLong);
                    }
                    self.line.push(*byte);
                }
            }
        }
        Ok(out)
    }

    /// The data of an event that the stream ended in without the empty line.
    pub(crate) fn end(&mut self) -> Option<String> {
        let from_line = self.end_line();
        from_line.or_else(|| self.data.take())
    }

    fn end_line(&mut self) -> Option<String> {
        let mut line = std::mem::take(&mut self.line);
        if !std::mem::replace(&mut self.begun, true) && line.starts_with(b"\xef\xbb\xbf") {
            line.drain(..3);
        }
        if line.is_empty() {
            self.size = 0;
            return self.data.take();
        }
        let text = String::from_utf8_lossy(&line);
        let (field, value) = text.split_once(':').unwrap_or((&text, ""));
        if field == "data" {
            let value = value.strip_prefix(' ').unwrap_or(value);
            match &mut self.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => self.data = Some(value.to_owned()),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
