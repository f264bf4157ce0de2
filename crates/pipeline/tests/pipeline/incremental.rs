//! In pieces and in any order is as at once.

use crate::generate::batches;
use crate::state::{State, fed};
use net_alb_api::config::Target;
use net_alb_diag::ObjectRef;
use net_alb_pipeline::Change;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// The last word about each object.
pub(crate) fn last_words(batches: &[Vec<Change>]) -> Vec<Change> {
    let mut last: BTreeMap<ObjectRef, Change> = BTreeMap::new();
    for change in batches.iter().flatten() {
        match change {
            Change::Put(object) => last.insert(object.to_ref(), change.clone()),
            Change::Delete(object) => last.remove(object),
            Change::Held { .. } => None,
        };
    }
    last.into_values().collect()
}

fn target() -> impl Strategy<Value = Target> {
    prop_oneof![Just(Target::Gateway), Just(Target::Alb)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn in_pieces_is_as_at_once(batches in batches(), target in target()) {
        let last = last_words(&batches);
        let (pieces, sum) = fed(target, batches);
        let (once, all) = fed(target, [last.clone()]);
        let (told, at_once) = (State::of(sum), State::of(all));
        prop_assert_eq!(&told.fragments, &at_once.fragments);
        prop_assert_eq!(&told.frames, &at_once.frames);
        prop_assert_eq!(&told.backends, &at_once.backends);
        prop_assert_eq!(&told.secrets, &at_once.secrets);
        prop_assert_eq!(&told.ingresses, &at_once.ingresses);
        prop_assert_eq!(&told.diagnostics, &at_once.diagnostics);
        prop_assert_eq!(pieces.diagnostics(), once.diagnostics());

        let one_by_one = last.into_iter().rev().map(|change| vec![change]);
        let (backwards, sum) = fed(target, one_by_one);
        prop_assert_eq!(State::of(sum), at_once);
        prop_assert_eq!(backwards.diagnostics(), once.diagnostics());
    }

    #[test]
    fn what_is_said_again_changes_nothing(batches in batches(), target in target()) {
        let last = last_words(&batches);
        let (mut pipeline, _) = fed(target, batches);
        let before = pipeline.work();
        prop_assert_eq!(pipeline.apply(last), net_alb_pipeline::Delta::default());
        prop_assert_eq!(pipeline.work(), before);
    }

    #[test]
    fn what_is_deleted_leaves_nothing(batches in batches(), target in target()) {
        let (mut pipeline, mut sum) = fed(target, batches.clone());
        for change in last_words(&batches) {
            let Change::Put(object) = change else { continue };
            sum.extend(pipeline.apply([Change::Delete(object.to_ref())]));
        }
        prop_assert_eq!(State::of(sum), State::default());
        prop_assert_eq!(pipeline.diagnostics(), vec![]);
    }
}
