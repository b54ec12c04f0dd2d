//! Markdown as data: the parser's events folded into a small tree that views can draw.
//!
//! Nothing here makes markup. Raw HTML stays the text it is (X50), links and images keep their target as a string that
//! the view judges (X51), and the tree is bounded in depth and in number of pieces, so no text can make drawing it
//! expensive (X58). The parser is heavy, so this file is the part of the site that is loaded when the first Markdown
//! text is on screen; see [`super::Markdown`].

use pulldown_cmark::{Alignment, CodeBlockKind, Event, Options, Parser, Tag};

/// How many containers may be inside each other; deeper ones are flattened into the one at this depth.
const MAX_DEPTH: usize = 24;
/// How many events are read; the rest of the text follows as one plain paragraph.
const MAX_EVENTS: usize = 20_000;

/// A piece that stands on its own lines.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Block {
    /// A heading, level 1 to 6.
    Heading(u8, Vec<Inline>),
    /// A run of text.
    Paragraph(Vec<Inline>),
    /// A block quote.
    Quote(Vec<Block>),
    /// Code, with the word after the fence (may be empty).
    Code {
        /// The first word of the fence's info string, for display only.
        language: String,
        /// The code as written.
        text: String,
    },
    /// A list; ordered ones carry their first number.
    List(Option<u64>, Vec<Item>),
    /// A table: the header cells, then the rows.
    Table {
        /// True for the columns that are set right-aligned.
        right: Vec<bool>,
        /// The header cells.
        head: Vec<Vec<Inline>>,
        /// The body, row by row.
        rows: Vec<Vec<Vec<Inline>>>,
    },
    /// A thematic break.
    Rule,
}

/// One list item.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Item {
    /// For a task list item, whether its box is ticked.
    pub(crate) ticked: Option<bool>,
    /// What the item holds.
    pub(crate) blocks: Vec<Block>,
}

/// A piece inside a line.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Inline {
    /// Plain text, which includes raw HTML as it was written.
    Text(String),
    /// Code inside a line.
    Code(String),
    /// Strong emphasis.
    Strong(Vec<Inline>),
    /// Emphasis.
    Emphasis(Vec<Inline>),
    /// Struck-through text.
    Strike(Vec<Inline>),
    /// A link with its target as written; the view decides whether it may be followed.
    Link(String, Vec<Inline>),
    /// An image with its target as written and its alternative text; never loaded by itself.
    Image(String, String),
    /// A hard line break.
    Break,
}

/// A container that is open while the events are read.
enum Open {
    Root,
    Paragraph,
    Heading(u8),
    Quote,
    Code(String),
    List(Option<u64>, Vec<Item>),
    Item(Option<bool>),
    Table {
        right: Vec<bool>,
        head: Vec<Vec<Inline>>,
        rows: Vec<Vec<Vec<Inline>>>,
    },
    Row {
        head: bool,
        cells: Vec<Vec<Inline>>,
    },
    Cell,
    Strong,
    Emphasis,
    Strike,
    Link(String),
    Image(String),
    /// Raw HTML: its lines are text.
    Html,
}

/// One open container with what it has collected.
struct Frame {
    open: Open,
    blocks: Vec<Block>,
    inlines: Vec<Inline>,
}

impl Frame {
    fn new(open: Open) -> Self {
        Self { open, blocks: Vec::new(), inlines: Vec::new() }
    }

    /// Adds text to the line, joining it with text that is already there.
    fn text(&mut self, text: &str) {
        if let Some(Inline::Text(last)) = self.inlines.last_mut() {
            last.push_str(text);
        } else if !text.is_empty() {
            self.inlines.push(Inline::Text(text.to_owned()));
        }
    }

    /// Turns loose text into a paragraph, which is how tight list items and flattened containers end up as blocks.
    fn settle(&mut self) {
        if !self.inlines.is_empty() {
            self.blocks.push(Block::Paragraph(std::mem::take(&mut self.inlines)));
        }
    }

    /// The blocks of a container, loose text included.
    fn into_blocks(mut self) -> Vec<Block> {
        self.settle();
        self.blocks
    }
}

/// Reads a Markdown text (CommonMark with tables, strikethrough and task lists).
pub(crate) fn parse(source: &str) -> Vec<Block> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut stack = vec![Frame::new(Open::Root)];
    // Containers beyond the depth limit that are open and were not given a frame.
    let mut skipped = 0usize;
    for (count, (event, range)) in Parser::new_ext(source, options).into_offset_iter().enumerate() {
        if count >= MAX_EVENTS {
            while stack.len() > 1 {
                close(&mut stack);
            }
            if let (Some(root), Some(rest)) = (stack.last_mut(), source.get(range.start..)) {
                root.settle();
                root.text(rest);
            }
            break;
        }
        match event {
            Event::Start(_) if skipped > 0 || stack.len() > MAX_DEPTH => skipped += 1,
            Event::End(_) if skipped > 0 => skipped -= 1,
            Event::Start(tag) => open(&mut stack, tag),
            Event::End(_) => close(&mut stack),
            other => {
                if let Some(frame) = stack.last_mut() {
                    piece(frame, other);
                }
            }
        }
    }
    while stack.len() > 1 {
        close(&mut stack);
    }
    stack.pop().map(Frame::into_blocks).unwrap_or_default()
}

/// Adds an event that opens nothing.
fn piece(frame: &mut Frame, event: Event<'_>) {
    match event {
        Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => frame.text(&text),
        Event::Code(text) => frame.inlines.push(Inline::Code(text.into_string())),
        Event::SoftBreak => frame.text(" "),
        Event::HardBreak => frame.inlines.push(Inline::Break),
        Event::Rule => {
            frame.settle();
            frame.blocks.push(Block::Rule);
        }
        Event::TaskListMarker(ticked) => match &mut frame.open {
            Open::Item(mark) => *mark = Some(ticked),
            _ => frame.text(if ticked { "[x] " } else { "[ ] " }),
        },
        // Not switched on, so not sent; their text would still be text.
        Event::InlineMath(text) | Event::DisplayMath(text) | Event::FootnoteReference(text) => frame.text(&text),
        Event::Start(_) | Event::End(_) => {}
    }
}

/// Opens a container.
fn open(stack: &mut Vec<Frame>, tag: Tag<'_>) {
    let open = match tag {
        Tag::Heading { level, .. } => Open::Heading(level as u8),
        Tag::BlockQuote(_) => Open::Quote,
        Tag::CodeBlock(CodeBlockKind::Fenced(info)) => {
            Open::Code(info.split_whitespace().next().unwrap_or_default().to_owned())
        }
        Tag::CodeBlock(CodeBlockKind::Indented) => Open::Code(String::new()),
        Tag::List(start) => Open::List(start, Vec::new()),
        Tag::Item => Open::Item(None),
        Tag::Table(columns) => Open::Table {
            right: columns.iter().map(|column| *column == Alignment::Right).collect(),
            head: Vec::new(),
            rows: Vec::new(),
        },
        Tag::TableHead => Open::Row { head: true, cells: Vec::new() },
        Tag::TableRow => Open::Row { head: false, cells: Vec::new() },
        Tag::TableCell => Open::Cell,
        Tag::Strong => Open::Strong,
        Tag::Emphasis => Open::Emphasis,
        Tag::Strikethrough => Open::Strike,
        Tag::Link { dest_url, .. } => Open::Link(dest_url.into_string()),
        Tag::Image { dest_url, .. } => Open::Image(dest_url.into_string()),
        Tag::HtmlBlock => Open::Html,
        _ => Open::Paragraph,
    };
    let inline = matches!(open, Open::Strong | Open::Emphasis | Open::Strike | Open::Link(_) | Open::Image(_));
    if !inline && let Some(frame) = stack.last_mut() {
        frame.settle();
    }
    stack.push(Frame::new(open));
}

/// Closes the innermost container and gives what it collected to the one around it.
fn close(stack: &mut Vec<Frame>) {
    // The root stays: the parser closes exactly what it opened.
    if stack.len() < 2 {
        return;
    }
    let (Some(mut frame), Some(parent)) = (stack.pop(), stack.last_mut()) else { return };
    let open = std::mem::replace(&mut frame.open, Open::Root);
    match open {
        Open::Strong => parent.inlines.push(Inline::Strong(frame.inlines)),
        Open::Emphasis => parent.inlines.push(Inline::Emphasis(frame.inlines)),
        Open::Strike => parent.inlines.push(Inline::Strike(frame.inlines)),
        Open::Link(target) => parent.inlines.push(Inline::Link(target, frame.inlines)),
        Open::Image(target) => parent.inlines.push(Inline::Image(target, plain(&frame.inlines))),
        Open::Heading(level) => parent.blocks.push(Block::Heading(level, frame.inlines)),
        Open::Code(language) => parent.blocks.push(Block::Code { language, text: plain(&frame.inlines) }),
        Open::Quote => parent.blocks.push(Block::Quote(frame.into_blocks())),
        Open::Paragraph | Open::Html | Open::Root => parent.blocks.extend(frame.into_blocks()),
        Open::List(start, items) => parent.blocks.push(Block::List(start, items)),
        Open::Item(ticked) => {
            let blocks = frame.into_blocks();
            match &mut parent.open {
                Open::List(_, items) => items.push(Item { ticked, blocks }),
                _ => parent.blocks.extend(blocks),
            }
        }
        Open::Table { right, head, rows } => parent.blocks.push(Block::Table { right, head, rows }),
        Open::Row { head: is_head, cells } => {
            if let Open::Table { head, rows, .. } = &mut parent.open {
                if is_head { *head = cells } else { rows.push(cells) }
            }
        }
        Open::Cell => {
            let cell = frame.inlines;
            match &mut parent.open {
                Open::Row { cells, .. } => cells.push(cell),
                _ => parent.inlines.extend(cell),
            }
        }
    }
}

/// The text of a line without its marks.
pub(crate) fn plain(inlines: &[Inline]) -> String {
    let mut text = String::new();
    for inline in inlines {
        match inline {
            Inline::Text(part) | Inline::Code(part) | Inline::Image(_, part) => text.push_str(part),
            Inline::Strong(parts) | Inline::Emphasis(parts) | Inline::Strike(parts) | Inline::Link(_, parts) => {
                text.push_str(&plain(parts));
            }
            Inline::Break => text.push('\n'),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn text(text: &str) -> Inline {
        Inline::Text(text.to_owned())
    }

    #[test]
    fn reads_the_usual_pieces() {
        let blocks = parse(
            "# Title\n\nA **b** *c* ~~d~~ `e`  \nf\n\n1. x\n2. y\n\n- [x] done\n- [ ] open\n\n> q\n\n---\n\n```rust ignore\nfn a() {}\n```\n",
        );
        assert_eq!(blocks[0], Block::Heading(1, vec![text("Title")]));
        assert_eq!(
            blocks[1],
            Block::Paragraph(vec![
                text("A "),
                Inline::Strong(vec![text("b")]),
                text(" "),
                Inline::Emphasis(vec![text("c")]),
                text(" "),
                Inline::Strike(vec![text("d")]),
                text(" "),
                Inline::Code("e".to_owned()),
                Inline::Break,
                text("f"),
            ])
        );
        let item = |ticked, t: &str| Item { ticked, blocks: vec![Block::Paragraph(vec![text(t)])] };
        assert_eq!(blocks[2], Block::List(Some(1), vec![item(None, "x"), item(None, "y")]));
        assert_eq!(blocks[3], Block::List(None, vec![item(Some(true), "done"), item(Some(false), "open")]));
        assert_eq!(blocks[4], Block::Quote(vec![Block::Paragraph(vec![text("q")])]));
        assert_eq!(blocks[5], Block::Rule);
        assert_eq!(blocks[6], Block::Code { language: "rust".to_owned(), text: "fn a() {}\n".to_owned() });
    }

    #[test]
    fn reads_tables() {
        let blocks = parse("| a | b |\n|---|--:|\n| 1 | **2** |\n| 3 |\n");
        assert_eq!(
            blocks,
            vec![Block::Table {
                right: vec![false, true],
                head: vec![vec![text("a")], vec![text("b")]],
                rows: vec![vec![vec![text("1")], vec![Inline::Strong(vec![text("2")])]], vec![vec![text("3")], vec![]],],
            }]
        );
    }

    #[test]
    fn x50_raw_html_stays_text() {
        for source in [
            "<script>alert(1)</script>\n\nafter",
            "a <img src=x onerror=alert(1)> b",
            "<style>*{}</style>",
            "<svg onload=alert(1)>",
            "<details open ontoggle=alert(1)>\n\nx",
        ] {
            let shown: String = parse(source)
                .iter()
                .map(|block| match block {
                    Block::Paragraph(line) => {
                        assert!(line.iter().all(|piece| matches!(piece, Inline::Text(_))), "{line:?}");
                        plain(line)
                    }
                    other => panic!("{other:?}"),
                })
                .collect();
            let tag = source.split_inclusive('>').next().unwrap_or_default();
            assert!(shown.contains(tag), "{shown}");
        }
    }

    #[test]
    fn x51_images_and_links_keep_their_target_as_text() {
        let blocks = parse("![a *b*](https://evil.example/?d=1) [t](javascript:alert(1)) <https://ok.example/>");
        assert_eq!(
            blocks,
            vec![Block::Paragraph(vec![
                Inline::Image("https://evil.example/?d=1".to_owned(), "a b".to_owned()),
                text(" "),
                Inline::Link("javascript:alert(1)".to_owned(), vec![text("t")]),
                text(" "),
                Inline::Link("https://ok.example/".to_owned(), vec![text("https://ok.example/")]),
            ])]
        );
    }

    fn depth(blocks: &[Block]) -> usize {
        1 + blocks
            .iter()
            .map(|block| match block {
                Block::Quote(inner) => depth(inner),
                Block::List(_, items) => items.iter().map(|item| depth(&item.blocks)).max().unwrap_or(0),
                _ => 0,
            })
            .max()
            .unwrap_or(0)
    }

    #[test]
    fn x58_depth_and_count_are_bounded_and_no_text_is_lost() {
        let deep = parse(&format!("{}end", "> ".repeat(500)));
        assert!(depth(&deep) <= MAX_DEPTH + 1);
        assert!(format!("{deep:?}").contains("end"));
        let long = parse(&"*a* ".repeat(MAX_EVENTS));
        assert!(format!("{long:?}").len() < 4_000_000);
        assert!(matches!(long.last(), Some(Block::Paragraph(line)) if plain(line).ends_with("*a* ")));
    }
}
