//! What the person is about to name while they type: `@` a connector, `#` something of one, `/` a prompt of a server.

/// What a mark is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// `@`: a connector, for this turn.
    Connector,
    /// `#`: a resource, an action or a tool set.
    Thing,
    /// `/`: a prompt of a server. Only at the beginning of a line, because paths and dates have slashes.
    Prompt,
}

impl Mark {
    /// The character that is typed.
    pub fn sign(self) -> char {
        match self {
            Self::Connector => '@',
            Self::Thing => '#',
            Self::Prompt => '/',
        }
    }
}

/// A mark with what was typed after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// What for.
    pub mark: Mark,
    /// Where the mark stands, in bytes.
    pub from: usize,
    /// Where the cursor stands, in bytes.
    pub to: usize,
    /// What stands between them.
    pub query: String,
}

impl Mention {
    /// What is being typed before the cursor, which stands at this byte of the text. None where it is no mention.
    pub fn at(text: &str, cursor: usize) -> Option<Mention> {
        let before = text.get(..cursor)?;
        let from = before.char_indices().rev().find(|(_, c)| c.is_whitespace()).map_or(0, |(at, c)| at + c.len_utf8());
        let word = before.get(from..)?;
        let mark = match word.chars().next()? {
            '@' => Mark::Connector,
            '#' => Mark::Thing,
            '/' => Mark::Prompt,
            _ => return None,
        };
        let query = word.get(1..)?;
        let begins_line = from == 0 || before.get(..from).is_some_and(|line| line.ends_with('\n'));
        let plain = !query.contains(['/', '@', '#']) && query.chars().count() <= 60;
        let fits = plain && (mark != Mark::Prompt || begins_line);
        fits.then(|| Mention { mark, from, to: cursor, query: query.to_owned() })
    }

    /// The text with `instead` in the place of the mention, and where the cursor then stands, in bytes.
    pub fn replaced(&self, text: &str, instead: &str) -> (String, usize) {
        let (before, after) = (text.get(..self.from).unwrap_or_default(), text.get(self.to..).unwrap_or_default());
        (format!("{before}{instead}{after}"), before.len() + instead.len())
    }

    /// How well a name fits what was typed: 0 where a word of it begins so, 1 where it has it inside, none where not.
    pub fn fits(&self, name: &str) -> Option<usize> {
        let (name, query) = (name.to_lowercase(), self.query.to_lowercase());
        let joined: String = name.chars().filter(|c| c.is_alphanumeric()).collect();
        let begins = |text: &str, word: &str| {
            text.match_indices(word).any(|(at, _)| {
                text.get(..at).and_then(|before| before.chars().next_back()).is_none_or(|c| !c.is_alphanumeric())
            })
        };
        match () {
            () if begins(&name, &query) || joined.starts_with(&query) => Some(0),
            () if name.contains(&query) || joined.contains(&query) => Some(1),
            () => None,
        }
    }
}

/// A name as one word that [`crate::direct::named`] takes for it: without what separates its words.
pub fn word(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The byte at which a count of UTF-16 units ends, as browsers count; the end where there are fewer.
pub fn byte_at(text: &str, units: usize) -> usize {
    let mut left = units;
    for (at, c) in text.char_indices() {
        if left < c.len_utf16() {
            return at;
        }
        left -= c.len_utf16();
    }
    text.len()
}

/// How many UTF-16 units stand before a byte.
pub fn units_at(text: &str, byte: usize) -> usize {
    text.get(..byte).unwrap_or(text).encode_utf16().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_end(text: &str) -> Option<(Mark, String)> {
        Mention::at(text, text.len()).map(|found| (found.mark, found.query))
    }

    #[test]
    fn co01_a_mark_at_the_beginning_of_a_word_is_a_mention() {
        assert_eq!(at_end("@"), Some((Mark::Connector, String::new())));
        assert_eq!(at_end("ask @bo"), Some((Mark::Connector, "bo".to_owned())));
        assert_eq!(at_end("see\n#read me #rea"), Some((Mark::Thing, "rea".to_owned())));
        assert_eq!(at_end("first\n/rev"), Some((Mark::Prompt, "rev".to_owned())));
        for text in ["", "mail@board.example", "and /or", "/usr/bin", "@a ", "a#b", "##"] {
            assert_eq!(at_end(text), None, "{text}");
        }
    }

    #[test]
    fn co01_what_is_chosen_stands_in_its_place_and_the_cursor_behind_it() {
        let text = "é @bo and more";
        let cursor = byte_at(text, 5);
        let found = Mention::at(text, cursor).unwrap();
        let (new, after) = found.replaced(text, "@Board ");
        assert_eq!((new.as_str(), units_at(&new, after)), ("é @Board  and more", 9));
        assert_eq!((byte_at("a😀b", 3), units_at("a😀b", 5), byte_at("a", 9)), (5, 3, 1));
    }

    #[test]
    fn co01_names_are_found_by_their_words() {
        let typed = |query: &str| Mention { mark: Mark::Thing, from: 0, to: 0, query: query.to_owned() };
        assert_eq!(typed("no").fits("Team Notes"), Some(0));
        assert_eq!(typed("TEAMN").fits("Team Notes"), Some(0));
        assert_eq!(typed("ote").fits("Team Notes"), Some(1));
        assert_eq!(typed("x").fits("Team Notes"), None);
        assert_eq!(word("Team-Notes 2"), "TeamNotes2");
    }
}
