use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::marker::PhantomData;

/// An object as the few hundred bytes of its JSON, for keeping: as a value it is ten times as large, since it has room for every
/// field that its kind knows. Two that are equal are the same object.
pub struct Packed<T> {
    json: Box<[u8]>,
    of: PhantomData<fn() -> T>,
}

impl<T: Serialize + DeserializeOwned> Packed<T> {
    /// Packs an object of any of the kinds that net-alb reads.
    pub fn new(object: &T) -> Packed<T> {
        let json = serde_json::to_vec(object).expect("an object's keys are strings, so it has a JSON");
        Packed { json: json.into(), of: PhantomData }
    }

    /// The object again, which takes some microseconds. `None` only if it has a time before the year 0 or after 9999, which no API
    /// server knows.
    pub fn get(&self) -> Option<T> {
        serde_json::from_slice(&self.json).ok()
    }
}

impl<T> Clone for Packed<T> {
    fn clone(&self) -> Self {
        Packed { json: self.json.clone(), of: PhantomData }
    }
}

impl<T> PartialEq for Packed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.json == other.json
    }
}

impl<T> Eq for Packed<T> {}

/// Only its size: it may be a Secret.
impl<T> fmt::Debug for Packed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Packed({} bytes)", self.json.len())
    }
}
