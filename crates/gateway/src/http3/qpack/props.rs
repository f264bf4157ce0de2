use super::huffman;
use super::{DecodeError, Decoder, push_field, push_prefix, push_status};
use proptest::collection::vec;
use proptest::prelude::*;

type Fields = Vec<(Vec<u8>, Vec<u8>)>;

fn decode(section: &[u8]) -> Result<Fields, DecodeError> {
    let mut fields = Vec::new();
    Decoder::default().decode(section, |name, value| {
        fields.push((name.to_vec(), value.to_vec()));
        Ok::<_, DecodeError>(())
    })?;
    Ok(fields)
}

fn field() -> impl Strategy<Value = (String, Vec<u8>)> {
    let known = prop::sample::select(super::static_table::FIELDS.to_vec());
    let known = known.prop_map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
    let name = prop_oneof![Just("content-type".to_owned()), Just("Cookie".to_owned()), "[a-zA-Z-]{1,300}"];
    prop_oneof![known, (name, vec(any::<u8>(), 0..300))]
}

proptest! {
    #[test]
    fn what_is_written_is_read(status in 100_u16..600, fields in vec(field(), 0..20)) {
        let mut section = Vec::new();
        push_prefix(&mut section);
        push_status(status, &mut section);
        for (name, value) in &fields {
            push_field(name.as_bytes(), value, &mut section);
        }
        let mut expected = vec![(b":status".to_vec(), status.to_string().into_bytes())];
        expected.extend(fields.into_iter().map(|(name, value)| (name.to_ascii_lowercase().into_bytes(), value)));
        prop_assert_eq!(decode(&section), Ok(expected));
    }

    #[test]
    fn any_text_survives_its_code(text in vec(any::<u8>(), 0..200)) {
        let mut out = Vec::new();
        prop_assert_eq!(huffman::decode(&huffman::encode(&text), &mut out), Ok(()));
        prop_assert_eq!(out, text);
    }

    /// Whatever a client sends is read or refused, and becomes no larger than its code allows.
    #[test]
    fn any_bytes_are_read_or_refused(mut section in vec(any::<u8>(), 0..200), begin in any::<bool>()) {
        if begin {
            section.splice(0..section.len().min(2), [0, 0]);
        }
        if let Ok(fields) = decode(&section) {
            prop_assert!(fields.len() <= section.len());
            let text: usize = fields.iter().map(|(name, value)| name.len() + value.len()).sum();
            prop_assert!(text <= section.len() * 100);
        }
    }
}
