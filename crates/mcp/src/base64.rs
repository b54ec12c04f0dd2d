//! Base64 (RFC 4648): for header values, tokens and pages.

/// Which digits stand for 62 and 63.
#[derive(Clone, Copy)]
pub(crate) enum Alphabet {
    /// `+` and `/` (section 4).
    Standard,
    /// `-` and `_` (section 5).
    Url,
}

/// Bytes with padding (section 4).
pub(crate) fn encode(bytes: &[u8]) -> String {
    let digit = |bits: u32| {
        char::from(match (bits & 63) as u8 {
            n @ 0..=25 => b'A' + n,
            n @ 26..=51 => b'a' + (n - 26),
            n @ 52..=61 => b'0' + (n - 52),
            62 => b'+',
            _ => b'/',
        })
    };
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..4 {
            text.push(if place <= group.len() { digit(bits >> (18 - 6 * place)) } else { '=' });
        }
    }
    text
}

/// Bytes with the alphabet for addresses and without padding (RFC 7515 section 2).
pub(crate) fn encode_url(bytes: &[u8]) -> String {
    encode(bytes)
        .chars()
        .filter_map(|char| match char {
            '+' => Some('-'),
            '/' => Some('_'),
            '=' => None,
            other => Some(other),
        })
        .collect()
}

/// The bytes that digits stand for. None where one is of another alphabet; padding is no digit.
pub(crate) fn decode(digits: &str, alphabet: Alphabet) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut held) = (Vec::with_capacity(digits.len() / 4 * 3), 0_u32, 0_u32);
    for digit in digits.bytes() {
        let six = match (digit, alphabet) {
            (b'A'..=b'Z', _) => digit - b'A',
            (b'a'..=b'z', _) => digit - b'a' + 26,
            (b'0'..=b'9', _) => digit - b'0' + 52,
            (b'+', Alphabet::Standard) | (b'-', Alphabet::Url) => 62,
            (b'/', Alphabet::Standard) | (b'_', Alphabet::Url) => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(six);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(bytes: Vec<u8>) {
            let padded = encode(&bytes);
            prop_assert_eq!(padded.len() % 4, 0);
            prop_assert_eq!(decode(padded.trim_end_matches('='), Alphabet::Standard), Some(bytes.clone()));
            prop_assert_eq!(decode(&encode_url(&bytes), Alphabet::Url), Some(bytes));
        }
    }

    #[test]
    fn digits_of_the_other_alphabet_and_padding_are_refused() {
        for (text, alphabet) in
            [("-_", Alphabet::Standard), ("+/", Alphabet::Url), ("YQ==", Alphabet::Standard), ("YQ==", Alphabet::Url)]
        {
            assert_eq!(decode(text, alphabet), None, "{text}");
        }
    }
}
