use super::huffman;
use super::static_table::FIELDS;

/// Reads field sections. Its buffers are kept from one to the next.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    name: Vec<u8>,
    value: Vec<u8>,
}

/// The section isn't readable: the connection is lost, since its two sides don't agree about the code
/// (QPACK_DECOMPRESSION_FAILED, RFC 9204 §2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DecodeError;

impl Decoder {
    /// Tells `field` every name and value, in order, until it says stop.
    pub(crate) fn decode<E: From<DecodeError>>(
        &mut self,
        section: &[u8],
        mut field: impl FnMut(&[u8], &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut rest = Rest(section);
        // Required Insert Count: nothing was ever inserted. Base: means nothing then.
        if rest.integer(8)? != 0 {
            return Err(DecodeError.into());
        }
        rest.integer(7)?;
        while let Some(first) = rest.0.first().copied() {
            let (name, value): (&[u8], &[u8]) = match first {
                // Indexed, in the static table.
                0b1100_0000.. => {
                    let (name, value) = entry(rest.integer(6)?)?;
                    (name.as_bytes(), value.as_bytes())
                }
                // A value for a name in the static table.
                0b0101_0000..=0b0101_1111 | 0b0111_0000..=0b0111_1111 => {
                    let (name, _) = entry(rest.integer(4)?)?;
                    (name.as_bytes(), rest.text(7, &mut self.value)?)
                }
                // Name and value.
                0b0010_0000..=0b0011_1111 => {
                    let name = rest.text(3, &mut self.name)?;
                    (name, rest.text(7, &mut self.value)?)
                }
                // The dynamic table has no entries.
                _ => return Err(DecodeError.into()),
            };
            field(name, value)?;
        }
        Ok(())
    }
}

fn entry(index: usize) -> Result<(&'static str, &'static str), DecodeError> {
    FIELDS.get(index).copied().ok_or(DecodeError)
}

/// What hasn't been read.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    /// The integer in the last bits of the next byte and what follows (RFC 7541 §5.1). Nothing here counts beyond 2^28.
    fn integer(&mut self, bits: u32) -> Result<usize, DecodeError> {
        let (first, mut rest) = self.0.split_first().ok_or(DecodeError)?;
        let most = (1_usize << bits) - 1;
        let mut value = usize::from(*first) & most;
        if value == most {
            let mut shift = 0;
            loop {
                let (byte, after) = rest.split_first().ok_or(DecodeError)?;
                rest = after;
                value += usize::from(byte & 0x7f) << shift;
                shift += 7;
                if byte & 0x80 == 0 {
                    break;
                }
                if shift > 21 {
                    return Err(DecodeError);
                }
            }
        }
        self.0 = rest;
        Ok(value)
    }

    /// A string whose length is in the last bits of the next byte, with the bit before them for Huffman's code. Its text is
    /// in the section itself or, decoded, in `buffer`.
    fn text<'b>(&mut self, bits: u32, buffer: &'b mut Vec<u8>) -> Result<&'b [u8], DecodeError>
    where
        'a: 'b,
    {
        let coded = self.0.first().ok_or(DecodeError)? >> bits & 1 == 1;
        let length = self.integer(bits)?;
        let (text, rest) = self.0.split_at_checked(length).ok_or(DecodeError)?;
        self.0 = rest;
        if !coded {
            return Ok(text);
        }
        buffer.clear();
        huffman::decode(text, buffer).map_err(|_| DecodeError)?;
        Ok(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(section: &[u8]) -> Result<Vec<String>, DecodeError> {
        let mut fields = Vec::new();
        Decoder::default().decode(section, |name, value| {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            fields.push(format!("{}: {}", text(name), text(value)));
            Ok::<_, DecodeError>(())
        })?;
        Ok(fields)
    }

    /// RFC 9204 B.1.
    #[test]
    fn the_example_of_the_rfc_is_read() {
        let section = [&[0x00, 0x00, 0x51, 0x0b][..], b"/index.html"].concat();
        assert_eq!(decoded(&section), Ok(vec![":path: /index.html".to_owned()]));
    }

    #[test]
    fn every_static_form_is_read() {
        let section = [&[0x00, 0x00, 0xd1, 0xff, 0x23, 0x5f, 0x50, 0x01][..], b"a", &[0x23], b"a-b", &[0x00]];
        let fields = [":method: GET", "x-frame-options: sameorigin", "user-agent: a", "a-b: "];
        assert_eq!(decoded(&section.concat()), Ok(fields.map(str::to_owned).to_vec()));
    }

    #[test]
    fn what_needs_a_dynamic_table_is_refused() {
        assert_eq!(decoded(&[0x02, 0x00]), Err(DecodeError), "an insert is required");
        for first in [0x80, 0x40, 0x10, 0x00] {
            assert_eq!(decoded(&[0x00, 0x00, first, 0x00]), Err(DecodeError), "{first:#x}");
        }
    }

    #[test]
    fn what_is_cut_or_beyond_the_table_is_refused() {
        for section in
            [&[][..], &[0], &[0, 0, 0xff], &[0, 0, 0xff, 0x24], &[0, 0, 0x51, 2, b'/'], &[0, 0, 0x23, b'a']]
        {
            assert_eq!(decoded(section), Err(DecodeError), "{section:?}");
        }
        assert_eq!(
            decoded(&[0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]),
            Err(DecodeError),
            "a huge index"
        );
    }
}
