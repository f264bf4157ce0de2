//! The Huffman code of header fields (RFC 7541 §5.2 and appendix B; RFC 9204 §4.1.2 takes it over).

/// How long each byte's code is, and at the end that of EOS. The code is canonical: shorter codes come first, equal ones in
/// the order of their bytes, so that the lengths say it all.
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28,
    28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6,
    6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7,
    8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7,
    15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24,
    23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23,
    23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26,
    26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20,
    21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27,
    27, 27, 26, 30,
];

const LONGEST: usize = 30;
const EOS: u16 = 256;

/// The code, made for reading.
struct Code {
    /// By the first eight bits: a symbol and its length where that is at most 8, else length 0.
    short: [(u8, u8); 256],
    /// By length: the first 32 bits of the text are below this where a code is that long or shorter.
    limits: [u64; LONGEST + 1],
    /// By length: where the codes of that length begin, and their first place in `symbols`.
    firsts: [(u32, u16); LONGEST + 1],
    /// In the order of their codes.
    symbols: [u16; 257],
}

static CODE: Code = make();

const fn make() -> Code {
    let mut code = Code {
        short: [(0, 0); 256],
        limits: [0; LONGEST + 1],
        firsts: [(0, 0); LONGEST + 1],
        symbols: [0; 257],
    };
    let (mut next, mut place, mut length) = (0_u32, 0_u16, 1);
    while length <= LONGEST {
        next <<= 1;
        code.firsts[length] = (next, place);
        let mut symbol = 0_u16;
        while symbol <= EOS {
            if LENGTHS[symbol as usize] as usize == length {
                code.symbols[place as usize] = symbol;
                if length <= 8 {
                    let mut at = (next as usize) << (8 - length);
                    let end = (next as usize + 1) << (8 - length);
                    while at < end {
                        code.short[at] = ((symbol & 0xff) as u8, LENGTHS[symbol as usize]);
                        at += 1;
                    }
                }
                place += 1;
                next += 1;
            }
            symbol += 1;
        }
        code.limits[length] = (next as u64) << (32 - length);
        length += 1;
    }
    code
}

/// The text is no code, has EOS in it, or ends in something else than the beginning of EOS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BadCode;

/// Appends what `text` stands for: at most 8/5 of its length.
pub(super) fn decode(text: &[u8], out: &mut Vec<u8>) -> Result<(), BadCode> {
    out.reserve(text.len() * 8 / 5);
    // Bits not yet used, at the top.
    let (mut window, mut bits) = (0_u64, 0_u32);
    let mut rest = text.iter();
    loop {
        while bits <= 56
            && let Some(byte) = rest.next()
        {
            window |= u64::from(*byte) << (56 - bits);
            bits += 8;
        }
        let (symbol, length) = next(window)?;
        if length > bits {
            // What is left is padding: fewer than 8 ones.
            let ones = window.leading_ones() >= bits;
            return if bits < 8 && ones { Ok(()) } else { Err(BadCode) };
        }
        out.push(u8::try_from(symbol).map_err(|_| BadCode)?);
        window <<= length;
        bits -= length;
    }
}

/// The symbol that `window` begins with, and its length.
fn next(window: u64) -> Result<(u16, u32), BadCode> {
    let (symbol, length) = CODE.short[usize::from((window >> 56) as u8)];
    if length > 0 {
        return Ok((u16::from(symbol), u32::from(length)));
    }
    let top = window >> 32;
    let length = (9..=LONGEST).find(|length| top < CODE.limits[*length]).ok_or(BadCode)?;
    let (first, place) = CODE.firsts[length];
    let code = u32::try_from(top >> (32 - length)).map_err(|_| BadCode)?;
    let at = usize::from(place) + (code - first) as usize;
    Ok((*CODE.symbols.get(at).ok_or(BadCode)?, u32::try_from(length).map_err(|_| BadCode)?))
}

#[cfg(test)]
pub(super) fn encode(text: &[u8]) -> Vec<u8> {
    let place = |symbol: u16| CODE.symbols.iter().position(|other| *other == symbol).unwrap();
    let code = |byte: &u8| {
        let length = usize::from(LENGTHS[usize::from(*byte)]);
        let (first, start) = CODE.firsts[length];
        let code = first as usize + place(u16::from(*byte)) - usize::from(start);
        format!("{code:0length$b}")
    };
    let mut bits: String = text.iter().map(code).collect();
    bits += &"1".repeat(bits.len().next_multiple_of(8) - bits.len());
    bits.as_bytes()
        .chunks(8)
        .map(|bits| u8::from_str_radix(str::from_utf8(bits).unwrap(), 2).unwrap())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &[u8]) -> Result<Vec<u8>, BadCode> {
        let mut out = Vec::new();
        decode(text, &mut out).map(|()| out)
    }

    /// RFC 7541 C.4 and C.6.
    #[test]
    fn the_examples_of_the_rfc_are_read() {
        let examples: [(&[u8], &str); 4] = [
            (&[0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff], "www.example.com"),
            (&[0xa8, 0xeb, 0x10, 0x64, 0x9c, 0xbf], "no-cache"),
            (&[0x25, 0xa8, 0x49, 0xe9, 0x5b, 0xb8, 0xe8, 0xb4, 0xbf], "custom-value"),
            (&[0x64, 0x0e, 0xff], "307"),
        ];
        for (code, text) in examples {
            assert_eq!(decoded(code).unwrap(), text.as_bytes());
            assert_eq!(encode(text.as_bytes()), code);
        }
    }

    #[test]
    fn every_byte_survives() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(decoded(&encode(&all)).unwrap(), all);
    }

    #[test]
    fn eos_and_wrong_padding_are_refused() {
        assert_eq!(decoded(&[]), Ok(vec![]));
        assert_eq!(decoded(&[0xff, 0xff, 0xff, 0xff]), Err(BadCode), "EOS");
        assert_eq!(decoded(&[0x00]), Err(BadCode), "`0` and three zeroes");
        assert_eq!(decoded(&[0x07, 0xff]), Err(BadCode), "more than seven bits of padding");
        assert_eq!(decoded(&[0x07]), Ok(b"0".to_vec()));
    }
}
