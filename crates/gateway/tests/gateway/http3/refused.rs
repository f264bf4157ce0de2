//! What no library sends: written by hand.

use super::client::{Site, run};
use quinn::{Connection, ConnectionError, VarInt};

const RULES: &str = "default/a: host=a.example path=/* -> forward v1";

fn varint(value: usize) -> Vec<u8> {
    match u16::try_from(value) {
        Ok(small @ 0..64) => vec![u8::try_from(small).unwrap()],
        Ok(middle @ 0..16_384) => (middle | 0x4000).to_be_bytes().to_vec(),
        _ => (u32::try_from(value).unwrap() | 0x8000_0000).to_be_bytes().to_vec(),
    }
}

pub(super) fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    [vec![kind], varint(payload.len()), payload.to_vec()].concat()
}

/// A HEADERS frame of literal fields.
pub(super) fn headers(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut section = vec![0, 0];
    let prefixed = |first: u8, most: u8, length: usize| {
        let Some(mut rest) = length.checked_sub(most.into()) else {
            return vec![first | u8::try_from(length).unwrap()];
        };
        let mut bytes = vec![first | most];
        while rest >= 0x80 {
            bytes.push(u8::try_from(rest & 0x7f).unwrap() | 0x80);
            rest >>= 7;
        }
        bytes.push(u8::try_from(rest).unwrap());
        bytes
    };
    for (name, value) in fields {
        section.extend(prefixed(0x20, 7, name.len()));
        section.extend(name.as_bytes());
        section.extend(prefixed(0, 127, value.len()));
        section.extend(value.as_bytes());
    }
    frame(1, &section)
}

const GOOD: [(&str, &str); 4] =
    [(":method", "GET"), (":scheme", "https"), (":authority", "a.example"), (":path", "/")];

/// Sends these bytes as a request; the gateway's own words about it, or how the stream ended.
async fn ask(connection: &Connection, request: &[u8]) -> String {
    let (mut sending, mut receiving) = connection.open_bi().await.unwrap();
    sending.write_all(request).await.unwrap();
    let _ = sending.finish();
    match receiving.read_to_end(1 << 20).await {
        Ok(answer) => {
            let text = String::from_utf8_lossy(&answer).into_owned();
            let said =
                text.split_once("net-alb: ").map(|(_, said)| said.split(':').next().unwrap().to_owned());
            said.unwrap_or(text)
        }
        Err(error) => error.to_string(),
    }
}

#[test]
fn pseudo_headers_come_first_once_and_whole() {
    run(async {
        let site = Site::new("default/a: host=a.example path=/* -> fixed 200 text/plain fine");
        let connection = site.dial().await;
        let with = |more: &[(&'static str, &'static str)]| [&GOOD[..], more].concat();
        let without = |name: &str| GOOD.into_iter().filter(|(other, _)| *other != name).collect::<Vec<_>>();
        let replaced = |name: &str, value: &'static str| {
            GOOD.map(|(other, old)| (other, if other == name { value } else { old })).to_vec()
        };
        assert!(ask(&connection, &headers(&GOOD)).await.ends_with("fine"));
        assert!(ask(&connection, &headers(&with(&[("host", "A.example")]))).await.ends_with("fine"));
        let by_host = [&without(":authority")[..], &[("host", "a.example")]].concat();
        assert!(ask(&connection, &headers(&by_host)).await.ends_with("fine"));
        let bad = "malformed-request";
        let cases: Vec<(Vec<(&str, &str)>, &str)> = vec![
            (without(":method"), bad),
            (without(":scheme"), bad),
            (without(":path"), bad),
            (without(":authority"), "bad-host"),
            (with(&[(":path", "/b")]), bad),
            (with(&[(":authority", "b.example")]), bad),
            (with(&[(":method", "POST")]), bad),
            (with(&[(":status", "200")]), bad),
            (with(&[(":other", "x")]), bad),
            ([&[("x-a", "b")][..], &GOOD].concat(), bad),
            (with(&[("x-a", "b"), (":path", "/b")]), bad),
            (with(&[("host", "b.example")]), "bad-host"),
            ([&by_host[..], &[("host", "a.example")]].concat(), "bad-host"),
            (replaced(":path", ""), bad),
            (replaced(":path", "a"), bad),
            (replaced(":path", "/a b"), bad),
            (replaced(":path", "/a#b"), bad),
            (replaced(":path", "https://b.example/"), bad),
            (replaced(":path", "/ HTTP/1.1\r\nx: y"), bad),
            (replaced(":scheme", "ftp"), bad),
            (replaced(":method", "GE T"), bad),
            (replaced(":method", ""), bad),
            (replaced(":method", "CONNECT"), "method-not-allowed"),
            (replaced(":method", "TRACE"), "method-not-allowed"),
            (replaced(":authority", ""), "bad-host"),
            (replaced(":authority", "user@a.example"), "bad-host"),
            (replaced(":authority", "a.example\r\nx: y"), bad),
        ];
        for (fields, reason) in cases {
            assert_eq!(ask(&connection, &headers(&fields)).await, reason, "{fields:?}");
        }
        assert_eq!(connection.close_reason(), None);
    });
}

#[test]
fn fields_that_others_could_read_in_two_ways_are_refused() {
    run(async {
        let site = Site::new("default/a: host=a.example path=/* -> fixed 200 text/plain fine");
        let connection = site.dial().await;
        let bad = "malformed-request";
        let long = "x".repeat(40_000);
        let cases = [
            ("X-Upper", "a", bad),
            ("x y", "a", bad),
            ("x:y", "a", bad),
            ("", "a", bad),
            ("x-a", "b\r\nc: d", bad),
            ("x-a", "b\nc", bad),
            ("x-a", "b\0", bad),
            ("x-a", " b", bad),
            ("x-a", "b\t", bad),
            ("connection", "close", bad),
            ("keep-alive", "timeout=5", bad),
            ("proxy-connection", "close", bad),
            ("transfer-encoding", "chunked", bad),
            ("upgrade", "websocket", bad),
            ("te", "gzip", bad),
            ("content-length", "-1", "bad-framing"),
            ("content-length", "5", "bad-framing"),
            ("x-long", &long, "header-too-large"),
        ];
        for (name, value, reason) in cases {
            let fields = [&GOOD[..], &[(name, value)]].concat();
            assert_eq!(ask(&connection, &headers(&fields)).await, reason, "{name}: {value:.20?}");
        }
        let many: Vec<_> = GOOD.into_iter().chain((0..200).map(|_| ("x-a", "b"))).collect();
        assert_eq!(ask(&connection, &headers(&many)).await, "header-too-large");
        let path = format!("/{}", "x".repeat(33_000));
        let fields = GOOD.map(|(name, value)| (name, if name == ":path" { &*path } else { value }));
        assert_eq!(ask(&connection, &headers(&fields)).await, "uri-too-long");
        // Announced, and never sent.
        let endless = [&[1, 0xc0, 0, 0, 0, 0x40, 0, 0, 0][..], &[0; 1000]].concat();
        assert_eq!(ask(&connection, &endless).await, "header-too-large");
        assert_eq!(connection.close_reason(), None);
    });
}

#[test]
fn a_body_has_as_many_bytes_as_it_says() {
    run(async {
        let site = Site::new(RULES);
        site.serve("v1", &[&crate::support::Server::echo()]);
        let connection = site.dial().await;
        let post = |length: &str| {
            let fields = [&GOOD[1..], &[("content-length", length)]].concat();
            headers(&[&[(":method", "POST")][..], &fields].concat())
        };
        let fine = ask(&connection, &[post("4"), frame(0, b"bo"), frame(0, b"dy")].concat()).await;
        assert!(fine.ends_with("body"), "{fine}");
        for data in
            [vec![frame(0, b"bod")], vec![frame(0, b"body!")], vec![frame(0, b"bo"), frame(0, b"dy!")]]
        {
            let request = [vec![post("4")], data].concat().concat();
            let answer = ask(&connection, &request).await;
            assert!(["bad-framing", "bad-chunk"].contains(&&*answer), "{answer}");
        }
    });
}

/// What ends the connection, and with which code.
async fn closed(connection: &Connection) -> u64 {
    match connection.closed().await {
        ConnectionError::ApplicationClosed(close) => close.error_code.into_inner(),
        other => panic!("{other}"),
    }
}

#[test]
fn frames_where_they_do_not_belong_end_the_connection() {
    run(async {
        let site = Site::new(RULES);
        for (request, code) in [
            (frame(0, b"data"), 0x105),
            (frame(4, b""), 0x105),
            (frame(7, &[0]), 0x105),
            (frame(2, b""), 0x105),
            (frame(1, &[0x80, 0x00]), 0x200),
            (frame(1, &[0, 0, 0x80]), 0x200),
            (vec![1, 10, 0, 0], 0x106),
        ] {
            let connection = site.dial().await;
            ask(&connection, &request).await;
            assert_eq!(closed(&connection).await, code, "{request:?}");
        }
    });
}

#[test]
fn streams_beside_the_requests_are_what_they_say_once() {
    run(async {
        let site = Site::new(RULES);
        let cases: [(&[&[u8]], u64); 10] = [
            (&[&[0, 7, 1, 0]], 0x10a),
            (&[&[0, 4, 0, 4, 0]], 0x105),
            (&[&[0, 4, 2, 3, 1]], 0x109),
            (&[&[0, 4, 4, 6, 1, 6, 1]], 0x109),
            (&[&[0, 4, 0, 0, 1, 0]], 0x105),
            (&[&[0, 4, 0, 3, 1, 0]], 0x108),
            (&[&[0, 4, 0], &[0, 4, 0]], 0x103),
            (&[&[1, 0]], 0x103),
            (&[&[2, 0x20, 0x3f, 0xe1, 0x1f]], 0x201),
            (&[&[0, 4, 0x80, 1, 0, 0]], 0x107),
        ];
        for (streams, code) in cases {
            let connection = site.dial().await;
            let mut open = Vec::new();
            for bytes in streams {
                let mut stream = connection.open_uni().await.unwrap();
                stream.write_all(bytes).await.unwrap();
                open.push(stream);
            }
            assert_eq!(closed(&connection).await, code, "{streams:?}");
        }
        let connection = site.dial().await;
        let mut control = connection.open_uni().await.unwrap();
        control.write_all(&[0, 4, 0]).await.unwrap();
        control.finish().unwrap();
        assert_eq!(closed(&connection).await, 0x104, "a control stream never ends");
    });
}

#[test]
fn a_client_that_cancels_and_cancels_is_sent_away() {
    run(async {
        let site = Site::new(RULES);
        let (server, _held) = super::lifetime::held();
        site.serve("v1", &[&server]);
        let connection = site.dial().await;
        let cancel = async {
            loop {
                let Ok((mut sending, mut receiving)) = connection.open_bi().await else { return };
                if sending.write_all(&headers(&GOOD)).await.is_err() {
                    return;
                }
                let _ = sending.reset(VarInt::from_u32(0x10c));
                let _ = receiving.stop(VarInt::from_u32(0x10c));
            }
        };
        cancel.await;
        assert_eq!(closed(&connection).await, 0x107, "H3_EXCESSIVE_LOAD");
    });
}
