/// Longer words are compared with nothing: the distance is quadratic in their length.
const LONGEST: usize = 128;

/// The known words, nearest to `word` first (in edit steps, then by name).
pub fn by_nearness<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut ranked: Vec<(usize, &str)> =
        known.into_iter().map(|other| (distance(word, other), other)).collect();
    ranked.sort_unstable();
    ranked.dedup();
    ranked.into_iter().map(|(_, other)| other).collect()
}

/// The known word that `word` was probably meant to be.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = known.into_iter().filter_map(|other| Some((resemblance(word, other)?, other)));
    near.min().map(|(_, other)| other)
}

/// How many edit steps make `word` into `known`; `None` if they are too many for a slip of the hand: over a third of its
/// letters, or over four.
pub fn resemblance(word: &str, known: &str) -> Option<usize> {
    let limit = (known.chars().count() / 3).clamp(1, 4);
    let distance = distance(word, known);
    (distance <= limit).then_some(distance)
}

fn distance(word: &str, other: &str) -> usize {
    if word.len() > LONGEST || other.len() > LONGEST {
        return usize::MAX;
    }
    strsim::osa_distance(&word.to_lowercase(), &other.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_typos_and_nothing_far_off() {
        let known = ["target", "cluster-local", "internet-class", "intranet-class"];
        assert_eq!(nearest("cluster_local", known), Some("cluster-local"));
        assert_eq!(nearest("Traget", known), Some("target"));
        assert_eq!(nearest("vswitch-ids", known), None);
        assert_eq!(nearest(&"x".repeat(1_000_000), known), None);
        assert_eq!(by_nearness("intranet-class", known)[..2], ["intranet-class", "internet-class"]);
    }
}
