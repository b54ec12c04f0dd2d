//! A file of the person's that goes with a message (screens.md e.4, *Files*): a text, or a picture.
//!
//! What a file is, its content says: neither its name nor the type that somebody gave it counts. Either the whole file goes
//! or none of it, so nobody wonders which part a model read.

use serde::{Deserialize, Serialize};

/// The largest text that is taken, in bytes: what models with a large context read, and pages can show.
pub const FILE_TEXT_BYTES: usize = 512 * 1024;
/// The largest picture that is taken, in bytes. In base64 that is 4 MiB. Providers limit a picture and a whole request each in
/// its own way; one that takes less says so in its refusal.
pub const FILE_IMAGE_BYTES: usize = 3 * 1024 * 1024;
/// The most of all pictures in one request, in bytes of base64: pictures are sent again in every turn, and a request with
/// everything else in it has to stay below the limits of providers, of which 20 MB is among the smaller ones.
pub const FILE_IMAGES_BASE64: usize = 14 * 1024 * 1024;
/// Longest name that is kept, in characters.
const NAME_CHARS: usize = 200;

/// A file as it is kept with its message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Its name on the person's computer, without a folder.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// The whole text of a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// A picture in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The type of the picture, such as `image/png`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime: Option<String>,
}

/// Why a file cannot go with a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// It is larger than [`FILE_TEXT_BYTES`] or [`FILE_IMAGE_BYTES`].
    #[error("`{name}` is larger than {limit}; attach a part of it")]
    TooLarge {
        /// The file's name.
        name: String,
        /// The limit, in words.
        limit: &'static str,
    },
    /// There is nothing in it.
    #[error("`{name}` is empty; choose another file")]
    Empty {
        /// The file's name.
        name: String,
    },
    /// It is something else.
    #[error(
        "`{name}` is neither text in UTF-8 nor a picture (PNG, JPEG, WebP or GIF); save it as one of these and attach that"
    )]
    Other {
        /// The file's name.
        name: String,
    },
}

impl File {
    /// A file with these bytes. `encode` writes bytes as base64.
    ///
    /// # Errors
    /// [`FileError`] when no model could be given it as it is.
    pub fn of(name: &str, bytes: Vec<u8>, encode: impl FnOnce(&[u8]) -> Option<String>) -> Result<File, FileError> {
        let name: String = name.chars().filter(|c| !c.is_control()).take(NAME_CHARS).collect();
        let size = bytes.len();
        let file = |text, image, mime: Option<&str>| File {
            name: name.clone(),
            size: u64::try_from(size).unwrap_or(u64::MAX),
            text,
            image,
            mime: mime.map(str::to_owned),
        };
        if bytes.is_empty() {
            return Err(FileError::Empty { name });
        }
        if let Some(mime) = picture(&bytes) {
            if size > FILE_IMAGE_BYTES {
                return Err(FileError::TooLarge { name, limit: "3 MB, the most for a picture" });
            }
            return match encode(&bytes) {
                Some(data) => Ok(file(None, Some(data), Some(mime))),
                None => Err(FileError::Other { name }),
            };
        }
        match String::from_utf8(bytes) {
            // What is no text has bytes that no text has.
            Ok(text) if !text.contains('\0') => match size > FILE_TEXT_BYTES {
                true => Err(FileError::TooLarge { name, limit: "512 KB, the most for a text" }),
                false => Ok(file(Some(text.trim_start_matches('\u{feff}').to_owned()), None, None)),
            },
            _ => Err(FileError::Other { name }),
        }
    }

    /// Why this is no file that [`File::of`] could have made: one in a conversation from elsewhere may say anything. A
    /// picture that was masked in an export is none, and no reason.
    pub fn flaw(&self) -> Option<&'static str> {
        // A mask may be longer than what it covers.
        let texts = self.text.as_ref().map_or(0, String::len) > 2 * FILE_TEXT_BYTES;
        let pictures = self.image.as_ref().map_or(0, String::len) > FILE_IMAGE_BYTES.div_ceil(3) * 4;
        match () {
            () if self.text.is_some() && self.image.is_some() => Some("a file is a text and a picture at once"),
            () if texts || pictures => Some("a file is larger than one that can be attached"),
            () if self.name.chars().count() > NAME_CHARS || self.name.chars().any(char::is_control) => {
                Some("a file has a name that no file has")
            }
            () => None,
        }
    }

    /// The picture with its type, where it is one of the four that are taken, and whole: in a conversation from elsewhere it
    /// may be anything, or have been masked.
    pub fn picture(&self) -> Option<(&str, &str)> {
        let (mime, data) = (self.mime.as_deref()?, self.image.as_deref()?);
        let whole = data.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte));
        (begins_as(mime, data) && whole).then_some((mime, data))
    }
}

/// Whether base64 begins as a picture of this type does: [`picture`], in letters.
fn begins_as(mime: &str, data: &str) -> bool {
    let letters = match mime {
        "image/png" => "iVBORw0KGg",
        "image/jpeg" => "/9j/",
        "image/webp" => "UklGR",
        "image/gif" => "R0lGOD",
        _ => return false,
    };
    data.starts_with(letters)
}

/// The type of a picture that models are given, by how its bytes begin.
fn picture(bytes: &[u8]) -> Option<&'static str> {
    let webp = || bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some("image/png")
    } else if bytes.starts_with(b"\xff\xd8\xff") {
        Some("image/jpeg")
    } else if bytes.starts_with(b"GIF8") {
        Some("image/gif")
    } else {
        webp().then_some("image/webp")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, bytes: &[u8]) -> Result<File, FileError> {
        File::of(name, bytes.to_vec(), |bytes| Some(base64(bytes)))
    }

    fn base64(bytes: &[u8]) -> String {
        let letters: Vec<char> = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['+', '/']).collect();
        let mut text = String::new();
        for three in bytes.chunks(3) {
            let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
            let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
            for at in 0..4 {
                text.push(if at > three.len() { '=' } else { letters[(bits >> (18 - 6 * at) & 63) as usize] });
            }
        }
        text
    }

    #[test]
    fn ct002_a_file_of_an_import_is_one_that_could_have_been_attached() {
        let picture = file("a.png", b"\x89PNG\r\n\x1a\n123").unwrap();
        let flaw = |change: &dyn Fn(&mut File)| {
            let mut other = picture.clone();
            change(&mut other);
            other.flaw()
        };
        assert_eq!(flaw(&|_| ()), None);
        assert_eq!(flaw(&|file| file.image = Some("iVBO•••• masked".to_owned())), None, "it is masked, and no picture");
        assert!(flaw(&|file| file.text = Some("words".to_owned())).unwrap().contains("at once"));
        assert!(flaw(&|file| file.image = Some("A".repeat(4 * 1024 * 1024 + 1))).unwrap().contains("larger"));
        assert!(flaw(&|file| (file.image, file.text) = (None, Some("a".repeat(2 * FILE_TEXT_BYTES + 1)))).is_some());
        assert!(flaw(&|file| file.name = "a\nb".to_owned()).unwrap().contains("name"));
    }

    #[test]
    fn a_file_is_what_its_content_says() {
        let text = file("notes.png", "\u{feff}Grüße".as_bytes()).unwrap();
        assert_eq!((text.text.as_deref(), text.picture(), text.size), (Some("Grüße"), None, 10));
        for (begins, mime) in [
            (&b"\x89PNG\r\n\x1a\n123"[..], "image/png"),
            (b"\xff\xd8\xff\xe0", "image/jpeg"),
            (b"GIF89a", "image/gif"),
            (b"RIFF1234WEBPVP8 ", "image/webp"),
        ] {
            let picture = file("a.txt", begins).unwrap();
            assert_eq!(picture.picture().map(|(mime, _)| mime), Some(mime));
            assert_eq!(picture.text, None);
        }
    }

    #[test]
    fn what_no_model_could_be_given_is_refused_whole_with_what_to_do() {
        let refused = |bytes: &[u8]| file("a.bin", bytes).unwrap_err().to_string();
        assert!(refused(b"").contains("empty"));
        assert!(refused(b"MZ\0\x01").contains("save it as one of these"));
        assert!(refused(b"\xc3(").contains("neither text"));
        assert!(refused(b"RIFF1234WAVE\xff").contains("neither text"));
        assert!(refused(&vec![b'a'; FILE_TEXT_BYTES + 1]).contains("512 KB"));
        let mut large = b"\xff\xd8\xff".to_vec();
        large.resize(FILE_IMAGE_BYTES + 1, 7);
        assert!(refused(&large).contains("3 MB"));
        assert!(file("a.txt", &vec![b'a'; FILE_TEXT_BYTES]).is_ok());
    }

    #[test]
    fn a_picture_that_was_masked_in_an_export_is_none() {
        let mut picture = file("a.png", b"\x89PNG\r\n\x1a\n123").unwrap();
        picture.image = Some("iVBO•••• masked".to_owned());
        assert_eq!(picture.picture(), None);
    }

    #[test]
    fn a_picture_of_another_type_in_an_import_is_none() {
        let mut picture = file("a.png", b"\x89PNG\r\n\x1a\n123").unwrap();
        assert!(picture.picture().is_some());
        for mime in ["image/svg+xml", "text/html", "image/png,"] {
            picture.mime = Some(mime.to_owned());
            assert_eq!(picture.picture(), None, "{mime}");
        }
    }

    #[test]
    fn the_name_of_a_file_is_one_line() {
        assert_eq!(file("a\n\u{7}b.txt", b"x").unwrap().name, "ab.txt");
    }
}
