//! Cells of comma-separated values (RFC 4180). What is in them is often a server's or a stranger's words, and opening a
//! file in a table program must run none of them.

/// Whether a table program would take a text for a formula.
pub fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// A text as a cell, quoted where it must be.
pub fn cell(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

/// A text as a cell that is taken for a text whatever is in it: quoted, with an apostrophe in front.
pub fn guarded(text: &str) -> String {
    format!("\"'{}\"", text.replace('"', "\"\""))
}
