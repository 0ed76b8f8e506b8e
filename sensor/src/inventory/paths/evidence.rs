//! Whether the words below a place in a path are literals or values of one parameter.

use std::collections::BTreeMap;

use super::{
    tree::{End, Tree},
    vocabulary::{self, Look},
};

pub(super) const FEATURES: usize = 70;

thread_local! { pub static ORACLE: std::cell::RefCell<Option<Box<dyn Fn(&str, &[f32]) -> Option<bool>>>> = const { std::cell::RefCell::new(None) };
 pub static WEIGHTS: std::cell::RefCell<Vec<f32>> = const { std::cell::RefCell::new(Vec::new()) }; }

/// Children of one label of a place.
pub(super) struct Sibling {
    pub label: Box<str>,
    /// Their nodes.
    pub nodes: Vec<u32>,
}

/// How the names of a host are written: by its words that are likely to be literals.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Style {
    pub capitalised: f32,
    pub hyphens: f32,
    pub humps: f32,
    pub underscores: f32,
}

impl Style {
    pub(super) fn of<'a>(labels: impl Iterator<Item = &'a str>) -> Self {
        let mut style = Self::default();
        let mut count = 1.0;
        let mut seen = std::collections::BTreeSet::new();
        for label in labels {
            if !seen.insert(label) { continue; }
            let look = Look::of(label);
            if look.is_plural || look.is_reserved {
                count += 1.0;
                style.capitalised += f32::from(look.is_capitalised);
                style.hyphens += f32::from(look.hyphens > 0);
                style.humps += f32::from(look.has_hump);
                style.underscores += f32::from(look.underscores > 0);
            }
        }
        style.capitalised /= count;
        style.hyphens /= count;
        style.humps /= count;
        style.underscores /= count;
        style
    }
}

/// What lies before a place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context {
    before: Before,
    depth: u8,
    style: Style,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    /// The start of the path, or what is before the collections of an API: a version, `api`.
    Root,
    Value,
    Plural,
    Reserved,
    Word,
}

impl Context {
    pub(super) fn root(style: Style) -> Self {
        Self { before: Before::Root, depth: 0, style }
    }

    pub(super) fn behind(&self, label: &str) -> Self {
        let word = label.strip_prefix('/').unwrap_or(label);
        let is_api = ["api", "rest", "services", "service", "public", "apis", "admin"].contains(&word);
        let before = if label.contains("{}") {
            Before::Value
        } else if self.before == Before::Root && (is_api || vocabulary::is_version(word)) {
            Before::Root
        } else if vocabulary::is_reserved(label) {
            Before::Reserved
        } else if vocabulary::is_plural(word) {
            Before::Plural
        } else {
            Before::Word
        };
        Self { before, depth: self.depth.saturating_add(1), ..*self }
    }
}

/// What is known of a sibling.
struct Facts<'a> {
    label: &'a str,
    look: Look,
    requests: f32,
    ends: Vec<End>,
    methods: u32,
    /// Labels of its children that are no values.
    words: Vec<&'a str>,
    has_values: bool,
}

impl<'a> Facts<'a> {
    fn new(tree: &'a Tree, sibling: &'a Sibling) -> Self {
        let mut facts = Self {
            label: &sibling.label,
            look: Look::of(&sibling.label),
            requests: 0.0,
            ends: Vec::new(),
            methods: 0,
            words: Vec::new(),
            has_values: false,
        };
        for &id in &sibling.nodes {
            let node = tree.node(id);
            facts.requests += node.requests as f32;
            for end in &node.ends {
                facts.methods |= 1 << (end.method & 31);
                facts.ends.push(*end);
            }
            for child in tree.children(id) {
                let label = &*tree.node(child).label;
                if label == "/{}" {
                    facts.has_values = true;
                } else if !label.starts_with('.') {
                    facts.words.push(label);
                }
            }
        }
        facts.words.sort_unstable();
        facts.words.dedup();
        facts
    }

    fn is_leaf(&self) -> bool {
        self.words.is_empty() && !self.has_values
    }

    fn shapes(&self) -> impl Iterator<Item = u32> {
        self.ends.iter().flat_map(|end| end.shapes).filter(|&shape| shape != 0)
    }

    fn is_candidate(&self) -> bool { may_be_value(self.label) }
}

/// Whether a label is a word, or a word before a value: `/alice`, `/report-{}`.
pub(super) fn may_be_value(label: &str) -> bool {
    label.len() > 1 && label.starts_with('/') && label != "/{}"
}

/// Gives of each sibling whether it is a word that is a value.
pub(super) fn judge(tree: &Tree, context: &Context, siblings: &[Sibling]) -> Vec<bool> {
    let facts: Vec<Facts<'_>> = siblings.iter().map(|sibling| Facts::new(tree, sibling)).collect();
    let candidates: Vec<&Facts<'_>> = facts.iter().filter(|facts| facts.is_candidate()).collect();
    let mut out = vec![false; siblings.len()];
    if candidates.is_empty() {
        return out;
    }
    let values = facts.iter().find(|facts| facts.label == "/{}");
    let open: Vec<&&Facts<'_>> = candidates.iter().filter(|facts| !facts.look.is_reserved).collect();
    let k = open.len() as f32;
    let n: f32 = open.iter().map(|facts| facts.requests).sum();
    let f1 = open.iter().filter(|facts| facts.requests < 1.5).count() as f32;
    let mut below: BTreeMap<&str, f32> = BTreeMap::new();
    for facts in &candidates {
        for word in &facts.words {
            *below.entry(word).or_default() += 1.0;
        }
    }
    let edges: f32 = below.values().sum();
    let sharing = if edges > 0.0 { (edges - below.len() as f32) / edges } else { 0.0 };
    let mut shapes: BTreeMap<u32, f32> = BTreeMap::new();
    for facts in &candidates {
        let mut own: Vec<u32> = facts.shapes().collect();
        own.sort_unstable();
        own.dedup();
        for shape in own { *shapes.entry(shape).or_default() += 1.0; }
    }
    let plural_share = candidates.iter().filter(|f| f.look.is_plural).count() as f32 / candidates.len() as f32;
    let mut feats: Vec<(usize, [f32; FEATURES])> = Vec::new();
    for (index, facts) in facts.iter().enumerate() {
        if !facts.is_candidate() { continue; }
        let look = facts.look;
        let mut f = [0.0f32; FEATURES];
        let b = |x: bool| f32::from(u8::from(x));
        let root = b(context.before == Before::Root);
        let val = b(context.before == Before::Value);
        let plu = b(context.before == Before::Plural);
        let lk = k.max(1.0).ln();
        f[0] = 1.0;
        f[1] = root; f[2] = val; f[3] = plu; f[4] = b(context.before == Before::Reserved);
        f[5] = b(look.is_reserved);
        f[6] = b(look.has_digits_inside);
        f[7] = b(look.ends_in_digits);
        f[8] = b(look.is_number);
        f[9] = b(look.is_capitals);
        f[10] = b(look.is_capitalised) * (1.0 - context.style.capitalised);
        f[11] = f32::from(look.hyphens.min(3)) * (1.0 - context.style.hyphens);
        f[12] = b(look.has_hump && !look.is_capitalised);
        f[13] = b(look.is_plural);
        f[14] = b(look.others > 0);
        f[15] = b(look.points > 0 && (look.has_hump || look.is_plural));
        f[16] = b(look.underscores > 0);
        f[17] = b(look.length > 20);
        f[18] = b(look.length <= 2);
        let others = (candidates.len() as f32 - 1.0).max(0.0);
        f[19] = lk * root; f[20] = lk * val; f[21] = lk * plu; f[22] = lk * (1.0 - root - val - plu);
        let openness = if n > 0.0 { f1 / n } else { 1.0 };
        f[23] = openness * lk;
        f[24] = (n / k.max(1.0)).max(1.0).ln();
        let shared = facts.words.iter().filter(|word| below[**word] > 1.5).count() as f32;
        f[25] = shared.min(3.0);
        f[26] = if shared < 0.5 { (facts.words.len() as f32).min(3.0) } else { 0.0 };
        f[27] = sharing * lk;
        f[28] = b(facts.has_values && facts.words.is_empty());
        f[29] = b(facts.is_leaf());
        f[30] = if others > 0.0 { candidates.iter().filter(|o| o.label != facts.label && o.is_leaf() == facts.is_leaf() && o.methods & facts.methods != 0).count() as f32 / others } else { 0.5 };
        let (mut change, mut post) = (false, false);
        for end in &facts.ends { match tree.method_name(end.method) { "PUT" | "PATCH" | "DELETE" => change = true, "POST" => post = true, _ => {} } }
        f[31] = b(change && !facts.has_values);
        f[32] = b(post);
        f[33] = b(values.is_some());
        if let Some(values) = values {
            f[34] = (facts.words.iter().filter(|w| values.words.contains(w)).count() as f32).min(3.0);
            f[35] = b(facts.is_leaf() && facts.methods & !values.methods == 0);
            f[36] = b(facts.methods & !values.methods != 0);
            f[37] = b(facts.shapes().any(|s| values.shapes().any(|o| o == s)));
            f[38] = b(facts.shapes().count() > 0 && values.shapes().count() > 0) - f[37];
        }
        f[39] = if k >= 3.0 { (facts.requests / n.max(1.0)).min(1.0) } else { 0.0 };
        f[40] = facts.requests.max(1.0).ln();
        let known: Vec<u32> = facts.shapes().collect();
        if !known.is_empty() && others > 0.0 {
            let same = known.iter().map(|s| shapes[s] - 1.0).fold(0.0, f32::max);
            f[41] = b(same > 0.5);
            f[42] = b(same < 0.5) * lk.min(2.0);
        }
        f[43] = plural_share;
        f[44] = b(look.points > 0) - f[15];
        f[45] = b(look.is_random);
        f[46] = b(k < 1.5) * (n + 1.0).ln();
        f[47] = b(k > 1.5 && k < 4.5) * (n / k.max(1.0)).max(1.0).ln();
        f[48] = root * (n / k.max(1.0)).max(1.0).ln();
        f[49] = facts.words.iter().map(|w| below[*w]).fold(1.0, f32::max).ln();
        f[50] = b(context.depth == 0);
        f[51] = f[49] * b(plu + val > 0.5);
        f[52] = b(k < 1.5);
        f[53] = b(k > 1.5 && k < 3.5);
        f[54] = b(look.is_reserved) * lk;
        f[55] = openness * b(k > 4.5);
        f[56] = openness * lk * b(facts.is_leaf());
        f[57] = facts.words.iter().map(|w| (below[*w] - 1.0) / others.max(1.0)).fold(0.0, f32::max);
        f[59] = root * b(look.is_number);
        f[60] = root * f[49];
        f[61] = lk * f[49] * 0.3;
        f[62] = if others > 0.0 { candidates.iter().filter(|o| o.label != facts.label && o.look.class() == look.class()).count() as f32 / others * lk } else { 0.0 };
        f[63] = b(k > 15.0);
        f[64] = b(k > 50.0);
        f[65] = b(k > 50.0) * root;
        f[66] = root * openness * lk;
        f[67] = root * b(facts.words.is_empty());
        f[68] = b(look.has_hump) * (1.0 - context.style.humps);
        f[69] = b(look.hyphens == 1) * (1.0 - context.style.hyphens);
        f[58] = b(facts.label.contains("{}"));
        feats.push((index, f));
    }
    let dot = |w: &[f32], f: &[f32]| w.iter().zip(f).map(|(w, f)| w * f).sum::<f32>();
    let (w1, w2) = WEIGHTS.with(|w| { let w = w.borrow(); if w.len() < FEATURES { (vec![0.0; FEATURES], vec![]) } else { (w[..FEATURES].to_vec(), w[FEATURES..].to_vec()) } });
    let s1: Vec<f32> = feats.iter().map(|(_, f)| dot(&w1, f).clamp(-4.0, 4.0)).collect();
    let total: f32 = s1.iter().sum();
    let yes = s1.iter().filter(|s| **s > 0.0).count() as f32;
    for (place, (index, f)) in feats.iter().enumerate() {
        let others = feats.len() as f32 - 1.0;
        let own = s1[place];
        let mean = if others > 0.0 { (total - own) / others } else { 0.0 };
        let share = if others > 0.0 { (yes - f32::from(u8::from(own > 0.0))) / others } else { 0.0 };
        let l = (others + 1.0).ln();
        let g = [1.0, own, mean, share * l, (1.0 - share) * l, f32::from(u8::from(others < 0.5)), share * l * f[5], f[41], f[42], f[37], f[38], f[13], f[24], f[39], f[40], f[1], mean * l, f[8], f[36], f[25]];
        let mut both = f.to_vec(); both.extend(g);
        let oracle = ORACLE.with(|o| o.borrow().as_ref().and_then(|o| o(&tree.full(siblings[*index].nodes[0]), &both)));
        out[*index] = oracle.unwrap_or_else(|| (if w2.is_empty() { own } else { dot(&w2, &g) }) > 0.0);
    }
    out
}
