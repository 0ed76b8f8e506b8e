//! Carries the events of a reader into a tree.

use super::{MAX_DEPTH, NONE, Tree};
use crate::inventory::schema::{
    Observer, Scalar,
    body::{Ending, Events},
    field::{Number, Text},
};

/// The open objects and arrays of a learner, kept for their allocation.
#[derive(Debug, Default)]
pub struct Frames(Vec<Frame>);

#[derive(Debug)]
struct Frame {
    node: u16,
    is_object: bool,
    /// Of an object, the child that came last; of an array, its items.
    child: u16,
    /// Of an object, its serial number; of an array, the items so far.
    count: u32,
}

/// Takes events: begin, key, value, end. Events in an order that no document has do no harm.
/// Nothing is allocated for fields that are known.
pub struct Learner<'a, O> {
    tree: &'a mut Tree,
    frames: &'a mut Vec<Frame>,
    observer: &'a mut O,
    seed: u64,
    limit: usize,
    /// Open objects and arrays that found no place.
    skipped: u32,
    /// A key that comes several times in an object has a list of values.
    are_lists: bool,
    /// Where the next value goes.
    next: u16,
}

impl<'a, O: Observer> Learner<'a, O> {
    /// Learns into `tree` up to `limit` fields in it; `seed` is that of hashes of values.
    pub fn new(
        tree: &'a mut Tree,
        frames: &'a mut Frames,
        observer: &'a mut O,
        limit: usize,
        seed: u64,
    ) -> Self {
        frames.0.clear();
        Self {
            tree,
            frames: &mut frames.0,
            observer,
            seed,
            limit,
            skipped: 0,
            are_lists: false,
            next: 0,
        }
    }

    /// The body is over, `malformed` when it broke the rules of its media type. Objects that are
    /// still open were cut: their absent fields prove nothing, so neither do those present.
    pub fn finish(&mut self, ending: Ending) {
        let is_open = self.skipped > 0 || !self.frames.is_empty();
        let counters = &mut self.tree.counters;
        match ending {
            Ending::Whole if !is_open => {}
            Ending::Cut => counters.truncated = counters.truncated.saturating_add(1),
            _ => counters.malformed = counters.malformed.saturating_add(1),
        }
        while let Some(frame) = self.frames.pop() {
            if frame.is_object {
                self.tree.forget_object(frame.node, frame.count);
            }
        }
        self.skipped = 0;
        self.next = 0;
        self.tree.settle();
    }

    /// Finds the place of a value, and shows the value to the observer.
    fn show(&mut self, value: Scalar<'_>) -> Option<u16> {
        let place = self.place();
        let shown = place.or_else(|| self.frames.last().map(|frame| frame.node)).unwrap_or(0);
        self.show_at(shown, value);
        place
    }

    /// Before it is learned, so that what must not be kept never is.
    fn show_at(&mut self, node: u16, value: Scalar<'_>) {
        let id = self.tree.nodes[usize::from(node)].id;
        if self.observer.value(id, self.tree.nearest_name(node), value) {
            self.tree.hide(node);
        }
    }

    /// Where an object or array goes; `None`, with its inside skipped, when there is no place.
    fn begin(&mut self) -> Option<u16> {
        if self.skipped == 0 && self.frames.len() >= MAX_DEPTH {
            self.tree.refuse();
            self.next = NONE;
        }
        let place = if self.frames.len() < MAX_DEPTH { self.place() } else { None };
        if place.is_none() {
            self.skipped = self.skipped.saturating_add(1);
        }
        place
    }

    /// Where the next value goes.
    fn place(&mut self) -> Option<u16> {
        if self.skipped > 0 {
            return None;
        }
        if let Some(array) = self.frames.last_mut().filter(|frame| !frame.is_object) {
            array.count = array.count.saturating_add(1);
            if array.child == NONE {
                let items = self.tree.child(array.node, super::Role::Items, "", self.limit);
                array.child = items.unwrap_or(NONE);
            }
            self.next = array.child;
        }
        (self.next != NONE).then_some(self.next)
    }
}

impl<O: Observer> Events for Learner<'_, O> {
    fn begin_object(&mut self) {
        if let Some(node) = self.begin() {
            self.tree.serial = self.tree.serial.wrapping_add(1).max(1);
            let field = &mut self.tree.nodes[usize::from(node)].field;
            field.objects = field.objects.saturating_add(1);
            let count = self.tree.serial;
            self.frames.push(Frame { node, is_object: true, child: NONE, count });
        }
    }

    fn begin_array(&mut self) {
        if let Some(node) = self.begin() {
            let field = &mut self.tree.nodes[usize::from(node)].field;
            field.arrays = field.arrays.saturating_add(1);
            self.frames.push(Frame { node, is_object: false, child: NONE, count: 0 });
        }
    }

    fn end(&mut self) {
        if self.skipped > 0 {
            self.skipped -= 1;
            return;
        }
        let Some(frame) = self.frames.pop() else { return };
        if !frame.is_object {
            self.tree.nodes[usize::from(frame.node)].field.items.include(frame.count);
        }
    }

    fn key(&mut self, key: &[u8]) {
        if self.skipped > 0 {
            return;
        }
        let Some(frame) = self.frames.last_mut().filter(|frame| frame.is_object) else { return };
        self.next = self.tree.keyed_after(frame.node, frame.child, key, self.limit);
        let Some(node) = self.tree.nodes.get_mut(usize::from(self.next)) else { return };
        frame.child = self.next;
        if node.serial == frame.count {
            // A key twice in one object counts once.
            node.field.repeated |= self.are_lists && node.role == super::Role::Named;
        } else {
            node.serial = frame.count;
            node.field.present = node.field.present.saturating_add(1);
        }
        if node.role == super::Role::Key {
            self.show_at(self.next, Scalar::Text(key));
        }
    }

    fn value(&mut self, value: Scalar<'_>) {
        let Some(place) = self.show(value) else { return };
        let field = &mut self.tree.nodes[usize::from(place)].field;
        match value {
            Scalar::Null => field.learn_null(),
            Scalar::Boolean(_) => field.learn_boolean(),
            Scalar::Number(literal) => field.learn_number(Number::read(literal)),
            Scalar::Text(text) => field.learn_text(&Text::new(text), self.seed),
            Scalar::Untyped(text) => field.learn_untyped(&Text::new(text), self.seed),
            Scalar::File(content) => field.learn_file(content.len()),
            Scalar::Document(text) => field.learn_document(text),
        }
    }

    fn text(&mut self, text: Text<'_>) {
        if let Some(place) = self.show(Scalar::Text(text.bytes)) {
            self.tree.nodes[usize::from(place)].field.learn_text(&text, self.seed);
        }
    }

    fn keys_repeat(&mut self) {
        self.are_lists = true;
    }
}

impl Tree {
    /// The child of a key. Keys mostly come in the same order, so the one behind `last` is tried
    /// before any hash is made.
    fn keyed_after(&mut self, parent: u16, last: u16, key: &[u8], limit: usize) -> u16 {
        let expected = match last {
            NONE => self.nodes[usize::from(parent)].first_child,
            last => self.nodes[usize::from(last)].next,
        };
        if let Some(node) = self.nodes.get(usize::from(expected))
            && usize::from(node.name_length) == key.len()
            && node.role == super::Role::Named
            && self.names.as_bytes()[node.name_start as usize..].starts_with(key)
        {
            return expected;
        }
        self.keyed(parent, key, limit).unwrap_or(NONE)
    }

    /// Takes back that this object was one, and that it carried its fields.
    fn forget_object(&mut self, node: u16, serial: u32) {
        let field = &mut self.nodes[usize::from(node)].field;
        field.objects = field.objects.saturating_sub(1);
        let mut child = self.nodes[usize::from(node)].first_child;
        while let Some(node) = self.nodes.get_mut(usize::from(child)) {
            if node.serial == serial {
                node.field.present = node.field.present.saturating_sub(1);
            }
            child = node.next;
        }
    }
}
