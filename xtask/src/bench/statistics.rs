//! Medians and quartiles: what noise in one direction moves least.

/// Three quartiles.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Quartiles {
    pub lower: f64,
    pub median: f64,
    pub upper: f64,
}

impl Quartiles {
    /// Of any values, linearly between neighbours; `None` of none.
    pub(super) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = values.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        Some(Quartiles {
            lower: quantile(&sorted, 1, 4)?,
            median: quantile(&sorted, 2, 4)?,
            upper: quantile(&sorted, 3, 4)?,
        })
    }

    /// The distance between the outer quartiles as a share of the median.
    pub(super) fn spread(&self) -> f64 {
        (self.upper - self.lower) / self.median
    }
}

/// The median alone; 0 of no values.
pub(super) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    Quartiles::of(values).map_or(0.0, |quartiles| quartiles.median)
}

/// The value below which `part` of `parts` lie, in a sorted list.
fn quantile(sorted: &[f64], part: usize, parts: usize) -> Option<f64> {
    let position = sorted.len().checked_sub(1)? * part;
    let (index, rest) = (position / parts, position % parts);
    let low = *sorted.get(index)?;
    let high = sorted.get(index + 1).copied().unwrap_or(low);
    let rest = f64::from(u32::try_from(rest).ok()?) / f64::from(u32::try_from(parts).ok()?);
    Some(low + (high - low) * rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_lie_between_neighbours() {
        let quartiles = Quartiles::of([4.0, 1.0, 3.0, 2.0]).unwrap();
        assert_eq!(quartiles, Quartiles { lower: 1.75, median: 2.5, upper: 3.25 });
        assert_eq!(Quartiles::of([7.0]), Some(Quartiles { lower: 7.0, median: 7.0, upper: 7.0 }));
        assert_eq!(Quartiles::of([]), None);
    }
}
