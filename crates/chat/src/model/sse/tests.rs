use super::*;

const TEXT: &str =
    "\u{feff}: comment\r\nevent: x\ndata: one\ndata: two\r\n\r\ndata:ä 🦀\r\rid: 3\n\ndata\n\ndata: tail";

fn read(chunks: &[&[u8]]) -> Vec<String> {
    let mut events = Events::default();
    let mut out: Vec<String> = chunks.iter().flat_map(|chunk| events.push(chunk).unwrap()).collect();
    out.extend(events.end());
    out
}

#[test]
fn bytes_may_be_split_at_every_offset() {
    let bytes = TEXT.as_bytes();
    let whole = read(&[bytes]);
    assert_eq!(whole, ["one\ntwo", "ä 🦀", "", "tail"]);
    for at in 0..=bytes.len() {
        let (a, b) = bytes.split_at(at);
        assert_eq!(read(&[a, b]), whole, "split at {at}");
    }
    assert_eq!(read(&bytes.chunks(1).collect::<Vec<_>>()), whole);
}

#[test]
fn an_event_without_end_is_given_up() {
    let mut events = Events::default();
    let chunk = vec![b'x'; 1024 * 1024];
    assert!((0..9).any(|_| events.push(&chunk).is_err()));
}

proptest::proptest! {
    #[test]
    fn any_bytes_split_anywhere_give_the_same(bytes in proptest::collection::vec(proptest::sample::select(b"data: x\r\n\r\n\xc3\xa4".to_vec()), 0..60), at in 0_usize..60) {
        let (a, b) = bytes.split_at(at.min(bytes.len()));
        proptest::prop_assert_eq!(read(&[a, b]), read(&[&bytes]));
    }
}
