//! The forms in which a secret can come back beside itself.

use crate::base64;
use crate::oauth::percent;

/// How a value looks in percent signs, with digits of either case, and what every Base64 text has in common that holds the
/// value, wherever in it that is, in both alphabets. Neither is the value itself.
pub fn forms(value: &str) -> Vec<String> {
    let upper = percent(value);
    let lower = upper.split('%').enumerate().map(|(at, part)| match part.split_at_checked(2) {
        Some((digits, rest)) if at > 0 => digits.to_ascii_lowercase() + rest,
        _ => part.to_owned(),
    });
    let mut all = vec![lower.collect::<Vec<_>>().join("%"), upper];
    // A digit of Base64 is six bits: those that are of the value alone depend only on where its first byte stands.
    for before in 0..3 {
        let bytes: Vec<u8> = std::iter::repeat_n(0, before).chain(value.bytes()).collect();
        let digits = base64::encode(&bytes);
        let own = digits.get((before * 8).div_ceil(6)..bytes.len() * 8 / 6).unwrap_or_default();
        all.push(own.to_owned());
        all.push(own.replace('+', "-").replace('/', "_"));
    }
    all.sort();
    all.dedup();
    all.retain(|form| form != value && !form.is_empty());
    all
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn x21_a_secret_is_found_wherever_it_stands_in_a_base64_text(before: Vec<u8>, value in "[ -~]{8,60}", after: Vec<u8>) {
            let whole: Vec<u8> = before.into_iter().chain(value.bytes()).chain(after).collect();
            let forms = forms(&value);
            for text in [base64::encode(&whole), base64::encode_url(&whole)] {
                prop_assert!(forms.iter().any(|form| form.len() >= 8 && text.contains(form.as_str())), "{} in {}", value, text);
            }
        }
    }

    #[test]
    fn x21_a_secret_is_found_in_percent_signs_of_either_case() {
        let forms = forms("a/b+c=é%");
        for text in ["a%2Fb%2Bc%3D%C3%A9%25", "a%2fb%2bc%3d%c3%a9%25"] {
            assert!(forms.iter().any(|form| form == text), "{text}: {forms:?}");
        }
    }

    #[test]
    fn a_value_that_is_the_same_in_a_form_is_no_form_of_itself() {
        assert!(!forms("canary-in-the-coal-mine").contains(&"canary-in-the-coal-mine".to_owned()));
        assert_eq!(forms(""), Vec::<String>::new());
    }
}
