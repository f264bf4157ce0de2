use crate::Secret;

/// Which of a certificate's two fields, `tls.crt` and `tls.key`, a Secret lacks: absent or empty.
pub fn lacking(secret: &Secret) -> Vec<&'static str> {
    ["tls.crt", "tls.key"].into_iter().filter(|field| !has(secret, field)).collect()
}

fn has(secret: &Secret, field: &str) -> bool {
    let data = secret.data.as_ref().and_then(|data| data.get(field)).is_some_and(|bytes| !bytes.0.is_empty());
    data || secret.string_data.as_ref().and_then(|data| data.get(field)).is_some_and(|text| !text.is_empty())
}
