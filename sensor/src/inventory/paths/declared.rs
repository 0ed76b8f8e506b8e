//! Routes that a specification declares: where one matches a path, it is the path's template.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
};

use crate::inventory::template::{SegmentKind, Template};

/// Routes of all hosts, about 200 bytes each.
const MAX_ROUTES: usize = 1 << 16;

/// Longest route in bytes, as [`Template::route`] has it.
const MAX_ROUTE: usize = 1024;

/// Comparisons spent on a path: specifications may be written so that there are many ways.
const MAX_STEPS: usize = 512;

/// Declared routes by host.
#[derive(Default)]
pub struct Declared {
    hosts: HashMap<Box<[u8]>, Node, foldhash::fast::RandomState>,
    routes: Vec<Route>,
}

struct Route {
    text: Box<str>,
    /// Where the names of its parameters are in it.
    names: Box<[Range<usize>]>,
}

/// A place in the routes of a host.
#[derive(Default)]
struct Node {
    literals: BTreeMap<Box<str>, Node>,
    /// Segments with parameters, by what is before, between and behind them.
    patterns: BTreeMap<Box<[Box<str>]>, Node>,
    /// The route that ends here.
    route: Option<usize>,
}

impl Declared {
    /// Adds routes such as `/pets/{petId}` of a host. Of two that differ in nothing but names the
    /// first stays. Gives how many were not added: no path, over a bound, or no ASCII.
    pub fn add<'r>(&mut self, host: &[u8], routes: impl Iterator<Item = &'r str>) -> usize {
        let mut refused = 0;
        let node = self.hosts.entry(host.to_ascii_lowercase().into()).or_default();
        for text in routes {
            let is_route = text.starts_with('/')
                && text.len() <= MAX_ROUTE
                && text.bytes().all(|byte| byte.is_ascii_graphic());
            let names = names(text).filter(|_| is_route && self.routes.len() < MAX_ROUTES);
            let Some(names) = names else {
                refused += 1;
                continue;
            };
            let mut end = &mut *node;
            for segment in text.split('/') {
                end = if segment.contains('{') {
                    end.patterns.entry(literals(segment)).or_default()
                } else {
                    end.literals.entry(segment.into()).or_default()
                };
            }
            if end.route.is_none() {
                end.route = Some(self.routes.len());
                self.routes.push(Route { text: text.into(), names });
            }
        }
        refused
    }

    /// Whether nothing is declared.
    pub fn is_empty(&self) -> bool {
        self.routes.is_empty()
    }

    /// Makes the template of a path from the route that matches it; literals go before
    /// parameters. Gives false when none does. Percent-encoding counts as written.
    pub fn template(&self, host: &[u8], path: &[u8], out: &mut Template) -> bool {
        let Some(node) = self.hosts.get(host) else { return false };
        let mut search = Search { path, values: Vec::new(), steps: 0 };
        let Some(route) = search.find(node, 0) else { return false };
        let route = &self.routes[route];
        out.set_declared(&route.text);
        for (name, value) in route.names.iter().zip(search.values) {
            let kind = SegmentKind::of_word(&path[value.clone()]);
            out.add_declared(kind, name.clone(), value);
        }
        true
    }
}

/// The names in braces; `None` when the braces are no pairs.
fn names(text: &str) -> Option<Box<[Range<usize>]>> {
    let mut names = Vec::new();
    let mut open = None;
    for (at, byte) in text.bytes().enumerate() {
        match (byte, open) {
            (b'{', None) => open = Some(at + 1),
            (b'}', Some(start)) if start < at => {
                names.push(start..at);
                open = None;
            }
            (b'{' | b'}', _) | (b'/', Some(_)) => return None,
            _ => {}
        }
    }
    open.is_none().then(|| names.into())
}

/// What is before, between and behind the parameters of a segment.
fn literals(segment: &str) -> Box<[Box<str>]> {
    let mut literals = Vec::new();
    let mut rest = segment;
    while let Some((before, behind)) = rest.split_once('{') {
        literals.push(before.into());
        rest = behind.split_once('}').map_or("", |(_, behind)| behind);
    }
    literals.push(rest.into());
    literals.into()
}

/// The way of a path through the routes of its host.
struct Search<'p> {
    path: &'p [u8],
    values: Vec<Range<usize>>,
    steps: usize,
}

impl Search<'_> {
    /// The route that matches from `start` on. As deep as routes are at most, so at most 1,024.
    fn find(&mut self, node: &Node, start: usize) -> Option<usize> {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return None;
        }
        let rest = self.path.get(start..)?;
        let length = rest.iter().position(|&byte| byte == b'/').unwrap_or(rest.len());
        let is_last = length == rest.len();
        let segment = start..start + length;
        let behind = |search: &mut Self, node: &Node| {
            if is_last { node.route } else { search.find(node, segment.end + 1) }
        };
        let text = str::from_utf8(&rest[..length]).unwrap_or_default();
        if let Some(node) = node.literals.get(text)
            && let Some(route) = behind(self, node)
        {
            return Some(route);
        }
        let before = self.values.len();
        for (literals, node) in &node.patterns {
            self.steps += 1;
            if self.take_values(literals, segment.clone())
                && let Some(route) = behind(self, node)
            {
                return Some(route);
            }
            self.values.truncate(before);
        }
        None
    }

    /// Adds the values of a segment; false when it does not match. No value is empty.
    fn take_values(&mut self, literals: &[Box<str>], segment: Range<usize>) -> bool {
        let Some((first, others)) = literals.split_first() else { return false };
        let text = &self.path[segment.clone()];
        if !text.starts_with(first.as_bytes()) {
            return false;
        }
        let mut start = first.len();
        for (index, literal) in others.iter().enumerate() {
            let rest = text.get(start + 1..).unwrap_or_default();
            let length = if index + 1 == others.len() {
                rest.strip_suffix(literal.as_bytes()).map(<[u8]>::len)
            } else {
                rest.windows(literal.len().max(1)).position(|window| window == literal.as_bytes())
            };
            let Some(length) = length.filter(|_| start < text.len()) else { return false };
            let end = start + 1 + length;
            self.values.push(segment.start + start..segment.start + end);
            start = end + literal.len();
        }
        true
    }
}

#[cfg(test)]
mod tests;
