//! The registry of diagnostic codes: one file a stage, one `static` a code.

pub mod build;
pub mod convert;
pub mod expand;
pub mod gateway;
pub mod read;

use crate::Code;

/// Every code, by id.
pub fn all() -> impl Iterator<Item = &'static Code> {
    [read::ALL, expand::ALL, convert::ALL, build::ALL, gateway::ALL].into_iter().flatten().copied()
}

/// The code with this id, in any case of letters.
pub fn find(id: &str) -> Option<&'static Code> {
    all().find(|code| code.id.eq_ignore_ascii_case(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_reasons_are_unique_and_well_formed() {
        let mut ids: Vec<_> = all().map(|c| c.id).collect();
        let mut reasons: Vec<_> = all().map(|c| c.reason).collect();
        for code in all() {
            assert!(code.id.len() == 6 && code.id.starts_with("NA"), "{}", code.id);
            assert!(!code.title.ends_with('.'), "{}: a title has no period", code.id);
        }
        let count = ids.len();
        assert!(ids.is_sorted(), "the registry is sorted by id");
        ids.dedup();
        reasons.sort_unstable();
        reasons.dedup();
        assert_eq!((ids.len(), reasons.len()), (count, count), "ids and reasons are unique");
    }
}
