//! What a client sends beside its requests: settings, and what they are about (RFC 9114 §6.2, RFC 9204 §4.2).

use super::Session;
use crate::http3::ErrorCode;
use crate::http3::frame::{
    self, CONTROL_STREAM, FrameHeader, PUSH_STREAM, QPACK_DECODER_STREAM, QPACK_ENCODER_STREAM, SETTINGS,
};
use crate::http3::varint;
use quinn::{RecvStream, VarInt};
use std::rc::Rc;

/// Bytes of a frame on the control stream at most.
const LONGEST: usize = 4 * 1024;

/// The one instruction that a client may give without a dynamic table: that it has none (RFC 9204 §4.3.1).
const SET_CAPACITY_0: u8 = 0b0010_0000;

/// Reads a stream that only the client sends on, to its end.
pub(super) async fn serve(session: Rc<Session>, stream: RecvStream) {
    let mut input = Input { stream, bytes: Vec::new() };
    if let Err(Some(code)) = read(&session, &mut input).await {
        session.close(code);
    }
}

/// Why a stream is over; `None`: its connection is.
type Over = Option<ErrorCode>;

async fn read(session: &Session, input: &mut Input) -> Result<(), Over> {
    let kind = loop {
        match varint::read(&input.bytes) {
            Some((kind, length)) => {
                input.bytes.drain(..length);
                break kind;
            }
            // A stream may end before it says what it is (RFC 9114 §6.2).
            None if !input.fill().await? => return Ok(()),
            None => {}
        }
    };
    match kind {
        CONTROL_STREAM | QPACK_ENCODER_STREAM | QPACK_DECODER_STREAM => {
            if !session.is_first(kind) {
                return Err(Some(ErrorCode::STREAM_CREATION_ERROR));
            }
        }
        // Only servers push.
        PUSH_STREAM => return Err(Some(ErrorCode::STREAM_CREATION_ERROR)),
        _ => {
            // It may have ended by itself.
            let _ = input.stream.stop(VarInt::from_u32(ErrorCode::STREAM_CREATION_ERROR.0));
            return Ok(());
        }
    }
    match kind {
        CONTROL_STREAM => control(input).await,
        QPACK_ENCODER_STREAM => encoder(input).await,
        _ => decoder(input).await,
    }
}

/// The control stream: settings, then what a server takes note of and has no use for. It never ends.
async fn control(input: &mut Input) -> Result<(), Over> {
    let mut has_settings = false;
    loop {
        let (header, payload) = input.frame().await?;
        if !has_settings && header.kind != SETTINGS {
            return Err(Some(ErrorCode::MISSING_SETTINGS));
        }
        if has_settings && !header.fits_control() {
            return Err(Some(ErrorCode::FRAME_UNEXPECTED));
        }
        has_settings = true;
        frame::check_control(header.kind, &payload).map_err(Some)?;
    }
}

async fn encoder(input: &mut Input) -> Result<(), Over> {
    loop {
        if input.bytes.iter().any(|byte| *byte != SET_CAPACITY_0) {
            return Err(Some(ErrorCode::QPACK_ENCODER_STREAM_ERROR));
        }
        input.bytes.clear();
        input.need().await?;
    }
}

/// What a client's decoder says is about our dynamic table, and we have none.
async fn decoder(input: &mut Input) -> Result<(), Over> {
    loop {
        // Section Acknowledgment and Insert Count Increment acknowledge what was never sent (RFC 9204 §4.4); the rest of a
        // long Stream Cancellation looks like either, so that only what begins a stream can be judged.
        input.bytes.clear();
        input.need().await?;
    }
}

/// A stream and what has been read of it.
struct Input {
    stream: RecvStream,
    bytes: Vec<u8>,
}

impl Input {
    /// Waits for more. False: there is none.
    async fn fill(&mut self) -> Result<bool, Over> {
        let mut block = [0; 256];
        match self.stream.read(&mut block).await {
            Ok(Some(count)) => {
                self.bytes.extend_from_slice(&block[..count]);
                Ok(true)
            }
            Ok(None) | Err(quinn::ReadError::Reset(_)) => Ok(false),
            Err(_) => Err(None),
        }
    }

    /// Waits for more of a stream that may not end (RFC 9114 §6.2.1, RFC 9204 §4.2).
    async fn need(&mut self) -> Result<(), Over> {
        if self.fill().await? { Ok(()) } else { Err(Some(ErrorCode::CLOSED_CRITICAL_STREAM)) }
    }

    /// Reads a frame.
    async fn frame(&mut self) -> Result<(FrameHeader, Vec<u8>), Over> {
        loop {
            if let Some((header, length)) = FrameHeader::read(&self.bytes) {
                let payload = usize::try_from(header.length).unwrap_or(usize::MAX);
                if payload > LONGEST {
                    return Err(Some(ErrorCode::EXCESSIVE_LOAD));
                }
                if self.bytes.len() >= length + payload {
                    let payload = self.bytes[length..length + payload].to_vec();
                    self.bytes.drain(..length + payload.len());
                    return Ok((header, payload));
                }
            }
            self.need().await?;
        }
    }
}
