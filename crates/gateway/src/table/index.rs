use super::head::{RequestHead, ResponseHead, cookies};
use super::map::{Lengths, Map};
use super::rule::{CompiledRule, FieldKey, HostKey, Keys, PathKey};
use smallvec::SmallVec;
use std::sync::Arc;

/// Finds rules by host, then path, then header or cookie. What it finds are candidates in order of rank; the winner is the
/// first of all of them whose remaining conditions hold, so the order is the one of a scan over all rules.
///
/// Cloning is cheap, and a change copies only the way to what it changes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Index {
    hosts: Map<Host>,
    suffixes: Map<Host>,
    suffix_lengths: Lengths,
    any: Host,
}

/// The rules of one host. Most have one, for `/*`, which is looked up without comparing any path.
#[derive(Debug, Clone, Default)]
struct Host {
    rooted: Slot,
    paths: Option<Arc<Paths>>,
}

/// The rules of one host by other paths.
#[derive(Debug, Clone, Default)]
struct Paths {
    exact: Map<Slot>,
    prefixes: Map<Slot>,
    prefix_lengths: Lengths,
    any: Slot,
}

/// The rules of one host and path.
#[derive(Debug, Clone, Default)]
struct Slot {
    plain: Rules,
    fields: Option<Arc<Fields>>,
}

/// The rules of one host and path that want an exact header or cookie, by it.
#[derive(Debug, Clone, Default)]
struct Fields {
    headers: Map<Map<Rules>>,
    name_lengths: Lengths,
    cookies: Map<Rules>,
}

/// By rank.
type Rules = SmallVec<[Arc<CompiledRule>; 1]>;

/// Lower-case copies of what is looked up live on the stack.
type Text = SmallVec<[u8; 128]>;

/// A request on its way through the index, and the best rule so far.
struct Search<'a, 'r> {
    request: &'a RequestHead<'a>,
    response: Option<&'a ResponseHead<'a>>,
    best: Option<&'r Arc<CompiledRule>>,
}

impl Index {
    pub(crate) fn insert(&mut self, rule: &Arc<CompiledRule>, keys: &Keys) {
        for key in &keys.hosts {
            match key {
                HostKey::Exact(host) => self.hosts.change(host, |host| host.insert(rule, keys)),
                HostKey::Suffix(suffix) => {
                    self.suffix_lengths.add(suffix.len());
                    self.suffixes.change(suffix, |host| host.insert(rule, keys));
                }
                HostKey::Any => self.any.insert(rule, keys),
            }
        }
    }

    pub(crate) fn remove(&mut self, rule: &CompiledRule, keys: &Keys) {
        let remove = |host: &mut Host| {
            host.remove(rule, keys);
            host.is_empty()
        };
        for key in &keys.hosts {
            match key {
                HostKey::Exact(host) => self.hosts.shrink(host, remove),
                HostKey::Suffix(suffix) => {
                    self.suffix_lengths.remove(suffix.len());
                    self.suffixes.shrink(suffix, remove);
                }
                HostKey::Any => self.any.remove(rule, keys),
            }
        }
    }

    /// The rule that takes the request (and answer, in an index of response rules).
    pub(crate) fn find(
        &self,
        request: &RequestHead<'_>,
        response: Option<&ResponseHead<'_>>,
    ) -> Option<&Arc<CompiledRule>> {
        let mut search = Search { request, response, best: None };
        let host = request.host().as_bytes();
        let folded;
        // Most clients send lower case. A fold over all bytes is faster than a search for the first.
        let host = if host.iter().fold(false, |any, byte| any | byte.is_ascii_uppercase()) {
            folded = lower(host);
            &folded
        } else {
            host
        };
        for rules in self.of_host(host) {
            rules.search(&mut search);
        }
        self.any.search(&mut search);
        search.best
    }

    /// Whether any rule names this host, exactly or by a wildcard in front.
    pub(crate) fn knows(&self, host: &str) -> bool {
        self.of_host(&lower(host.as_bytes())).next().is_some()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.hosts.is_empty() && self.suffixes.is_empty() && self.any.is_empty()
    }

    /// How many rules the fullest place holds that a search scans.
    #[cfg(test)]
    pub(super) fn widest(&self) -> usize {
        let hosts = [&self.hosts, &self.suffixes].into_iter().flat_map(Map::values).chain([&self.any]);
        let slots = hosts.flat_map(|host| {
            let other = host.paths.iter().flat_map(|paths| {
                let keyed = [&paths.exact, &paths.prefixes].into_iter().flat_map(Map::values);
                keyed.chain([&paths.any])
            });
            other.chain([&host.rooted])
        });
        let fields = |slot: &Slot| {
            let fields = slot.fields.as_ref()?;
            let headers = fields.headers.values().into_iter().flat_map(Map::values);
            headers.chain(fields.cookies.values()).map(SmallVec::len).max()
        };
        slots.map(|slot| slot.plain.len().max(fields(slot).unwrap_or_default())).max().unwrap_or_default()
    }

    fn of_host<'s>(&'s self, host: &[u8]) -> impl Iterator<Item = &'s Host> {
        let lengths = self.suffix_lengths.up_to(host.len());
        let suffixes = lengths.filter_map(|length| self.suffixes.get(&host[host.len() - length..]));
        self.hosts.get(host).into_iter().chain(suffixes)
    }
}

impl Host {
    fn insert(&mut self, rule: &Arc<CompiledRule>, keys: &Keys) {
        let insert = |slot: &mut Slot| slot.insert(rule, &keys.fields);
        for key in &keys.paths {
            match key {
                PathKey::Rooted => insert(&mut self.rooted),
                PathKey::Any => insert(&mut self.paths().any),
                PathKey::Exact(path) => self.paths().exact.change(path, insert),
                PathKey::Prefix(prefix) => {
                    let paths = self.paths();
                    paths.prefix_lengths.add(prefix.len());
                    paths.prefixes.change(prefix, insert);
                }
            }
        }
    }

    fn remove(&mut self, rule: &CompiledRule, keys: &Keys) {
        let remove = |slot: &mut Slot| {
            slot.remove(rule, &keys.fields);
            slot.is_empty()
        };
        for key in &keys.paths {
            match key {
                PathKey::Rooted => self.rooted.remove(rule, &keys.fields),
                PathKey::Any => self.paths().any.remove(rule, &keys.fields),
                PathKey::Exact(path) => self.paths().exact.shrink(path, remove),
                PathKey::Prefix(prefix) => {
                    let paths = self.paths();
                    paths.prefix_lengths.remove(prefix.len());
                    paths.prefixes.shrink(prefix, remove);
                }
            }
        }
        self.paths.take_if(|paths| paths.is_empty());
    }

    fn paths(&mut self) -> &mut Paths {
        Arc::make_mut(self.paths.get_or_insert_default())
    }

    fn search<'r>(&'r self, search: &mut Search<'_, 'r>) {
        let path = search.request.path.as_bytes();
        if path.starts_with(b"/") {
            self.rooted.search(search);
        }
        if let Some(paths) = &self.paths {
            paths.search(search);
        }
    }

    fn is_empty(&self) -> bool {
        self.rooted.is_empty() && self.paths.is_none()
    }
}

impl Paths {
    fn search<'r>(&'r self, search: &mut Search<'_, 'r>) {
        let path = search.request.path.as_bytes();
        if let Some(slot) = self.exact.get(path) {
            slot.search(search);
        }
        for length in self.prefix_lengths.up_to(path.len()) {
            if let Some(slot) = self.prefixes.get(&path[..length]) {
                slot.search(search);
            }
        }
        self.any.search(search);
    }

    fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.prefixes.is_empty() && self.any.is_empty()
    }
}

impl Slot {
    /// A rule with several headers or cookies goes where it has the fewest neighbours, so that 2,000 rules that share one
    /// header are told apart by the other.
    fn insert(&mut self, rule: &Arc<CompiledRule>, keys: &[FieldKey]) {
        let neighbours = |key: &&FieldKey| self.fields.as_ref().map_or(0, |fields| fields.neighbours(key));
        match keys.iter().min_by_key(neighbours) {
            Some(key) => Arc::make_mut(self.fields.get_or_insert_default()).insert(rule, key),
            None => insert(&mut self.plain, rule),
        }
    }

    fn remove(&mut self, rule: &CompiledRule, keys: &[FieldKey]) {
        remove(&mut self.plain, rule);
        if let Some(fields) = &mut self.fields {
            let fields = Arc::make_mut(fields);
            for key in keys {
                fields.remove(rule, key);
            }
            if fields.headers.is_empty() && fields.cookies.is_empty() {
                self.fields = None;
            }
        }
    }

    fn search<'r>(&'r self, search: &mut Search<'_, 'r>) {
        search.scan(&self.plain);
        if let Some(fields) = &self.fields {
            fields.search(search);
        }
    }

    fn is_empty(&self) -> bool {
        self.plain.is_empty() && self.fields.is_none()
    }
}

impl Fields {
    /// How many rules the fullest place has to which the key would bring a rule.
    fn neighbours(&self, key: &FieldKey) -> usize {
        let count = |rules: Option<&Rules>| rules.map_or(0, SmallVec::len);
        let counts: &mut dyn Iterator<Item = usize> = match key {
            FieldKey::Header(name, values) => {
                let by_value = self.headers.get(name);
                &mut values.iter().map(move |value| count(by_value.and_then(|map| map.get(value))))
            }
            FieldKey::Cookie(pairs) => &mut pairs.iter().map(|pair| count(self.cookies.get(pair))),
        };
        counts.max().unwrap_or_default()
    }

    fn insert(&mut self, rule: &Arc<CompiledRule>, key: &FieldKey) {
        match key {
            FieldKey::Header(name, values) => {
                for value in values {
                    if self.headers.get(name).is_none() {
                        self.name_lengths.add(name.len());
                    }
                    self.headers.change(name, |by_value| by_value.change(value, |rules| insert(rules, rule)));
                }
            }
            FieldKey::Cookie(pairs) => {
                for pair in pairs {
                    self.cookies.change(pair, |rules| insert(rules, rule));
                }
            }
        }
    }

    fn remove(&mut self, rule: &CompiledRule, key: &FieldKey) {
        let take = |rules: &mut Rules| {
            remove(rules, rule);
            rules.is_empty()
        };
        match key {
            FieldKey::Header(name, values) => {
                let known = self.headers.get(name).is_some();
                self.headers.shrink(name, |by_value| {
                    for value in values {
                        by_value.shrink(value, take);
                    }
                    by_value.is_empty()
                });
                if known && self.headers.get(name).is_none() {
                    self.name_lengths.remove(name.len());
                }
            }
            FieldKey::Cookie(pairs) => pairs.iter().for_each(|pair| self.cookies.shrink(pair, take)),
        }
    }

    fn search<'r>(&'r self, search: &mut Search<'_, 'r>) {
        if !self.headers.is_empty() {
            for (name, value) in search.request.headers.iter() {
                if self.name_lengths.contains(name.len())
                    && let Some(by_value) = self.headers.get(&lower(name))
                    && let Some(rules) = by_value.get(value)
                {
                    search.scan(rules);
                }
            }
        }
        if !self.cookies.is_empty() {
            for (name, value) in cookies(search.request.headers) {
                let mut pair = lower(name);
                pair.push(b'=');
                pair.extend(value.iter().map(u8::to_ascii_lowercase));
                if let Some(rules) = self.cookies.get(&pair) {
                    search.scan(rules);
                }
            }
        }
    }
}

impl<'r> Search<'_, 'r> {
    fn scan(&mut self, rules: &'r Rules) {
        for rule in rules {
            if self.best.is_some_and(|best| best.rank() <= rule.rank()) {
                return;
            }
            if rule.holds(self.request, self.response) {
                self.best = Some(rule);
                return;
            }
        }
    }
}

fn insert(rules: &mut Rules, rule: &Arc<CompiledRule>) {
    if let Err(at) = rules.binary_search_by(|known| known.rank().cmp(rule.rank())) {
        rules.insert(at, Arc::clone(rule));
    }
}

fn remove(rules: &mut Rules, rule: &CompiledRule) {
    if let Ok(at) = rules.binary_search_by(|known| known.rank().cmp(rule.rank())) {
        rules.remove(at);
    }
}

fn lower(text: &[u8]) -> Text {
    text.iter().map(u8::to_ascii_lowercase).collect()
}
