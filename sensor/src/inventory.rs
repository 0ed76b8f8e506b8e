//! What exists: endpoints, what they take and give, what is exposed, who owns it.

pub mod authentication;
mod budget;
pub mod description;
pub mod endpoint;
pub mod learned;
pub mod lifecycle;
pub mod paths;
pub mod risk;
pub mod rules;
pub mod schema;
pub mod sensitive;
pub mod specifications;
pub mod template;

use serde::{Deserialize, Serialize};

pub use self::endpoint::Change;
use self::{
    budget::{Budget, FIRST},
    description::Operation,
    endpoint::{Counters, Declaration, EndpointRow, Endpoints, Row},
    learned::{AuthenticationView, Learned, Learner, SensitiveView},
    risk::{Evidence, Risk},
    rules::Rules,
    sensitive::CustomError,
    specifications::{Declared, Specifications},
    template::Template,
};
use crate::exchange::{Exchange, Timestamp, Workload};

/// The key of what specifications declare, in the store.
const SPECIFICATIONS: &[u8] = b"specifications";

/// All endpoints with what is known of them.
pub struct Inventory {
    budget: Budget,
    endpoints: Endpoints,
    learner: Learner,
    rules: Rules,
    specifications: Specifications,
    /// Since the store was last told.
    specifications_changed: bool,
}

/// Bounds of an inventory.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Rows.
    pub endpoints: usize,
    /// Fields of all endpoints together.
    pub fields: usize,
    /// Exchanges in a second of their own time that are learned from; others are only counted.
    pub learn_rate: u32,
}

/// Everything about one endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct EndpointDetail {
    /// Its row of the list.
    pub endpoint: EndpointRow,
    /// Parameters, request and responses.
    pub operation: Operation,
    /// How requests authenticate.
    pub access: AuthenticationView,
    /// Sensitive data by field.
    pub data: Vec<SensitiveView>,
    /// Values of fields beyond the bounds, and bodies that were cut or not what they were said
    /// to be.
    pub not_learned: schema::tree::Counters,
}

impl Inventory {
    /// Nothing seen yet. Values are hashed under `seed`.
    pub fn new(limits: Limits, seed: u64, rules: Rules) -> Result<Self, CustomError> {
        let learner = Learner::new(limits.fields, seed, &rules.sensitive)?;
        Ok(Self {
            budget: Budget::new(limits.learn_rate),
            endpoints: Endpoints::new(limits.endpoints),
            learner,
            rules,
            specifications: Specifications::default(),
            specifications_changed: false,
        })
    }

    /// Learns from an exchange and gives the template of its path, as far as known.
    /// Notes its operations in it.
    pub fn record(&mut self, exchange: &mut Exchange) -> &Template {
        self.record_counted(exchange).0
    }

    /// The same, with whether the endpoint is well known.
    pub fn record_counted(&mut self, exchange: &mut Exchange) -> (&Template, bool) {
        let mut known = false;
        let Self { endpoints, learner, budget, .. } = self;
        learner.note_operations(exchange);
        if learner.wants_recount() {
            learner.recount(endpoints.iter_all().filter_map(Row::learned));
        }
        let start = exchange.request.as_ref().map(|request| request.start);
        let is_left = budget.is_left(start.unwrap_or_default());
        let shape = if is_left { learner.shape(exchange) } else { 0 };
        let template = endpoints.record(exchange, shape, |row, template| {
            known = row.requests() > FIRST;
            if budget.spend(row.requests()) {
                learner.learn(row.learned_mut(), exchange, template);
            }
        });
        (template, known)
    }

    /// Whether only endpoints that are new are learned from.
    pub fn pause_learning(&mut self, pause: bool) {
        self.budget.paused = pause;
    }

    /// Whether exchanges of that time are still learned from.
    pub fn has_budget(&mut self, now: Timestamp) -> bool {
        self.budget.is_left(now)
    }

    /// Shows each endpoint's workload to `fill`, which says whether it told it something.
    pub fn fill_workloads(&mut self, fill: impl FnMut(&Workload) -> bool) {
        self.endpoints.fill_workloads(fill);
    }

    /// Exchanges that were only counted.
    pub fn not_learned(&self) -> u64 {
        self.budget.refused()
    }

    /// Exchanges of which a field found no room among those of all endpoints.
    pub fn fields_full(&self) -> u64 {
        self.learner.refused()
    }

    /// The list at `now`, in the order of service, route, method and role.
    pub fn rows(&mut self, now: Timestamp) -> Vec<EndpointRow> {
        self.endpoints.settle();
        let show = |(key, row): (&[u8], &Row)| {
            let mut shown = row.show(key, now);
            self.complete(&mut shown, row.learned());
            shown
        };
        let mut rows: Vec<_> = self.endpoints.iter().map(show).collect();
        rows.sort_by(|left, right| left.order().cmp(&right.order()));
        rows
    }

    /// Everything about the endpoint of an id.
    pub fn detail(&self, id: &str, now: Timestamp) -> Option<EndpointDetail> {
        let (key, row) = self.endpoints.find(id)?;
        Some(self.detail_of(key, row, now))
    }

    /// Everything about all endpoints, in the order of the list.
    pub fn details(&self, now: Timestamp) -> Vec<EndpointDetail> {
        let mut details: Vec<_> =
            self.endpoints.iter().map(|(key, row)| self.detail_of(key, row, now)).collect();
        details.sort_by(|left, right| left.endpoint.order().cmp(&right.endpoint.order()));
        details
    }

    /// Everything about at most `limit` endpoints that have changed since they were last taken
    /// here; fewer than `limit` when these are all.
    pub fn take_unsent(&mut self, limit: usize, now: Timestamp) -> Vec<EndpointDetail> {
        let keys = self.endpoints.take_unsent(limit);
        let details = keys.iter().filter_map(|key| {
            let row = self.endpoints.get(key)?;
            Some(self.detail_of(key, row, now))
        });
        details.collect()
    }

    /// Ids of endpoints that turned out to be others, with the ids that took their place, since the
    /// last call.
    pub fn take_moved(&mut self) -> Vec<(String, String)> {
        self.endpoints.settle();
        self.endpoints.take_moved()
    }

    /// Takes what specifications declare, in place of what they declared before of the same hosts.
    /// Their routes are preferred for paths, with their names.
    pub fn declare(&mut self, operations: Vec<Operation>) -> Declared {
        let refused = self.specifications.replace(operations);
        self.specifications_changed = true;
        let operations = self.specifications.operations();
        let mut routes_refused = 0;
        for host in operations.chunk_by(|left, right| left.host == right.host) {
            let routes = host.iter().map(|one| &*one.route);
            routes_refused += self.endpoints.declare(&host[0].host, routes);
        }
        Declared { operations: operations.len(), refused, routes_refused }
    }

    /// At most `limit` pairs for the store that have changed since they were last taken, and all
    /// that are gone; fewer rows than `limit` when these are all.
    pub fn take_changes(&mut self, limit: usize) -> Vec<Change> {
        let mut changes = self.endpoints.take_changes(limit);
        if std::mem::take(&mut self.specifications_changed) {
            // Cannot fail: nothing in it refuses to be written.
            let json = serde_json::to_vec(self.specifications.operations()).unwrap_or_default();
            changes.push(Change { key: SPECIFICATIONS.into(), value: Some(json.into()) });
        }
        changes
    }

    /// All pairs are to be taken again.
    pub fn mark_changed(&mut self) {
        self.endpoints.mark_changed();
        self.specifications_changed = true;
    }

    /// Takes a pair of the store back; whether it was of use.
    pub fn restore(&mut self, key: &[u8], value: &[u8]) -> bool {
        if key != SPECIFICATIONS {
            let row = self.endpoints.restore(key, value);
            self.learner.add_fields(row.and_then(Row::learned));
            return row.is_some();
        }
        let operations = serde_json::from_slice(value);
        let is_known = operations.is_ok();
        self.declare(operations.unwrap_or_default());
        self.specifications_changed = false;
        is_known
    }

    /// How many endpoints are listed.
    pub fn len(&self) -> usize {
        self.endpoints.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.endpoints.is_empty()
    }

    /// What is in no row.
    pub fn counters(&self) -> Counters {
        self.endpoints.counters()
    }

    fn detail_of(&self, key: &[u8], row: &Row, now: Timestamp) -> EndpointDetail {
        let mut shown = row.show(key, now);
        let learned = row.learned();
        self.complete(&mut shown, learned);
        let mut operation = learned.map(Learned::describe).unwrap_or_default();
        operation.host.clone_from(&shown.host);
        operation.method.clone_from(&shown.method);
        operation.route.clone_from(&shown.route);
        operation.operation.clone_from(&shown.operation);
        EndpointDetail {
            endpoint: shown,
            operation,
            access: learned.map(Learned::authentication).unwrap_or_default(),
            data: learned.map(|l| l.sensitive(self.learner.detector())).unwrap_or_default(),
            not_learned: learned.map(Learned::not_learned).unwrap_or_default(),
        }
    }

    /// Adds what the counts alone do not tell.
    fn complete(&self, row: &mut EndpointRow, learned: Option<&Learned>) {
        let detector = self.learner.detector();
        let evidence = learned.map(|learned| learned.evidence(detector)).unwrap_or_default();
        row.declared = self.specifications.of(&row.host, &row.method, &row.route);
        row.risk = Risk::of(&Evidence {
            shadow: row.declared == Some(Declaration::Shadow),
            zombie: row.declared == Some(Declaration::Zombie),
            writes: matches!(&*row.method, "POST" | "PUT" | "PATCH" | "DELETE"),
            ..evidence
        });
        row.sensitive = learned.map(|l| l.sensitive_kinds(detector)).unwrap_or_default();
        let process = row.process.as_deref();
        row.owner = self.rules.owner(&row.host, &row.route, process).map(str::to_owned);
    }
}

#[cfg(test)]
mod tests;
