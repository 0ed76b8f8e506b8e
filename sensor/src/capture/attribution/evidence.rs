//! What is known of one socket, and how sure it is.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::process::Process;
use crate::exchange::Workload;

/// When a proof is asked for again: a socket may be passed on.
const RECHECK: Duration = Duration::from_mins(1);

/// When a lookup that found nothing is tried again.
const RETRY: Duration = Duration::from_secs(10);

/// When a lookup that was refused is tried again.
const RETRY_REFUSED: Duration = Duration::from_secs(1);

/// Evidence on the owner of one socket.
#[derive(Debug)]
pub struct Evidence {
    /// The process that the kernel named last, or 0.
    sender: u32,
    /// A process that the kernel named and that does not hold the socket, or 0.
    refuted: u32,
    /// The kernel named different processes, or one that was not known to hold the socket.
    disputed: bool,
    proof: Option<Box<Proof>>,
    /// The conclusion on `sender`, from these facts.
    judged: Option<(Arc<Process>, Verdict)>,
    pending: bool,
    ask: Instant,
}

/// Who held the socket when it was looked up.
#[derive(Debug)]
struct Proof {
    holders: Box<[u32]>,
    workload: Arc<Workload>,
}

/// What was concluded on a sender.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// This is its workload.
    Trusted(Arc<Workload>),
    /// It may not be the owner.
    Distrusted,
}

/// What to report.
#[derive(Debug)]
pub enum Stance {
    /// This and no more.
    Proven(Arc<Workload>),
    /// The named sender, which holds the socket together with others.
    Holder(u32),
    /// The named sender, if nothing speaks against it.
    Sender(u32),
    /// No process.
    Unknown,
}

impl Evidence {
    /// No evidence, and no lookup before `ask`.
    pub fn new(ask: Instant) -> Self {
        Self {
            sender: 0,
            refuted: 0,
            disputed: false,
            proof: None,
            judged: None,
            pending: false,
            ask,
        }
    }

    /// The kernel named a process as sender. Returns whether that contradicts what was known.
    pub fn hear(&mut self, pid: u32, now: Instant) -> bool {
        if pid == 0 || pid == self.refuted || pid == self.sender {
            return false;
        }
        let contradicts = match &self.proof {
            Some(proof) => !proof.holders.contains(&pid),
            None => self.sender != 0,
        };
        self.sender = pid;
        self.judged = None;
        if !contradicts || self.disputed {
            return false;
        }
        self.disputed = true;
        // A proof was just paid for; the first dispute is worth one at once.
        let wait = if self.proof.is_some() { RETRY_REFUSED } else { Duration::ZERO };
        self.ask = self.ask.min(now + wait);
        true
    }

    /// What follows from it.
    pub fn stance(&self) -> Stance {
        match &self.proof {
            _ if self.disputed => Stance::Unknown,
            Some(proof) if proof.holders.len() > 1 && proof.holders.contains(&self.sender) => {
                Stance::Holder(self.sender)
            }
            Some(proof) => Stance::Proven(Arc::clone(&proof.workload)),
            None if self.sender != 0 => Stance::Sender(self.sender),
            None => Stance::Unknown,
        }
    }

    /// The process last named as sender, or 0.
    pub fn sender(&self) -> u32 {
        self.sender
    }

    /// The verdict on the sender, if one was reached by just these facts.
    pub fn verdict(&self, process: &Arc<Process>) -> Option<Verdict> {
        let (facts, verdict) = self.judged.as_ref()?;
        Arc::ptr_eq(facts, process).then(|| verdict.clone())
    }

    /// Keeps a verdict on the sender.
    pub fn judge(&mut self, process: Arc<Process>, verdict: Verdict) {
        self.judged = Some((process, verdict));
    }

    /// The last verdict on the sender, for when it is gone.
    pub fn last_verdict(&self) -> Option<Verdict> {
        self.judged.as_ref().map(|(_, verdict)| verdict.clone())
    }

    /// Whether a lookup is due.
    pub fn wants_proof(&self, now: Instant) -> bool {
        let trusted = matches!(self.judged, Some((_, Verdict::Trusted(_))));
        let enough = !self.disputed && self.proof.is_none() && trusted;
        !enough && !self.pending && now >= self.ask
    }

    /// A lookup is under way.
    pub fn asked(&mut self) {
        self.pending = true;
    }

    /// No lookup was possible.
    pub fn refused(&mut self, now: Instant) {
        self.pending = false;
        self.ask = now + RETRY_REFUSED;
    }

    /// A lookup found nothing, or did not come to an end.
    pub fn not_found(&mut self, now: Instant) {
        self.pending = false;
        self.ask = now + RETRY;
    }

    /// A lookup, made when `sender` was the last one named, found these holders.
    pub fn prove(
        &mut self,
        holders: Box<[u32]>,
        workload: Arc<Workload>,
        sender: u32,
        now: Instant,
    ) {
        self.pending = false;
        self.ask = now + RECHECK;
        self.disputed = false;
        if self.sender != 0 && !holders.contains(&self.sender) {
            if self.sender == sender {
                self.refuted = sender;
                self.sender = 0;
                self.judged = None;
            } else {
                // Named since: nothing is known of that one yet.
                self.disputed = true;
                self.ask = now + RETRY_REFUSED;
            }
        }
        self.proof = Some(Box::new(Proof { holders, workload }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(pid: u32) -> Arc<Workload> {
        Arc::new(Workload { pid: Some(pid), ..Workload::default() })
    }

    fn reported(evidence: &Evidence) -> Option<u32> {
        match evidence.stance() {
            Stance::Proven(workload) => workload.pid,
            Stance::Holder(pid) | Stance::Sender(pid) => Some(pid),
            Stance::Unknown => None,
        }
    }

    #[test]
    fn one_sender_is_enough() {
        let now = Instant::now();
        let mut evidence = Evidence::new(now);
        assert!(evidence.wants_proof(now), "nothing known");
        assert!(!evidence.hear(0, now) && !evidence.hear(7, now) && !evidence.hear(7, now));
        assert_eq!(reported(&evidence), Some(7));
        evidence.judge(Arc::default(), Verdict::Trusted(named(7)));
        assert!(!evidence.wants_proof(now));
        evidence.judge(Arc::default(), Verdict::Distrusted);
        assert!(evidence.wants_proof(now), "the sender is not trusted");
    }

    #[test]
    fn two_senders_are_none_until_one_is_proven() {
        let now = Instant::now();
        let mut evidence = Evidence::new(now + Duration::from_secs(1));
        evidence.hear(7, now);
        evidence.judge(Arc::default(), Verdict::Trusted(named(7)));
        assert!(evidence.hear(8, now));
        assert_eq!(reported(&evidence), None);
        assert!(evidence.wants_proof(now), "at once");
        evidence.asked();
        assert!(!evidence.wants_proof(now));
        evidence.prove([7].into(), named(7), 8, now);
        assert_eq!(reported(&evidence), Some(7));
        assert!(!evidence.hear(8, now), "refuted");
        assert!(!evidence.hear(7, now));
        assert_eq!(reported(&evidence), Some(7));
        assert!(!evidence.wants_proof(now));
        assert!(evidence.wants_proof(now + RECHECK));
    }

    #[test]
    fn a_sender_named_after_the_proof_is_looked_up_again() {
        let now = Instant::now();
        let mut evidence = Evidence::new(now);
        evidence.prove([7].into(), named(7), 0, now);
        assert_eq!(reported(&evidence), Some(7));
        assert!(evidence.hear(9, now));
        assert_eq!(reported(&evidence), None);
        assert!(!evidence.wants_proof(now) && evidence.wants_proof(now + RETRY_REFUSED));
        evidence.asked();
        evidence.prove([9].into(), named(9), 9, now);
        assert_eq!(reported(&evidence), Some(9), "it was passed on");
    }

    #[test]
    fn a_sender_named_during_the_lookup_stays_disputed() {
        let now = Instant::now();
        let mut evidence = Evidence::new(now);
        evidence.hear(7, now);
        evidence.asked();
        evidence.hear(8, now);
        evidence.prove([7].into(), named(7), 7, now);
        assert_eq!(reported(&evidence), None);
        assert!(evidence.wants_proof(now + RETRY_REFUSED));
    }

    #[test]
    fn of_several_holders_only_a_sender_is_reported() {
        let now = Instant::now();
        let mut evidence = Evidence::new(now);
        evidence.prove([7, 8].into(), Arc::default(), 0, now);
        assert_eq!(reported(&evidence), None);
        evidence.hear(8, now);
        assert_eq!(reported(&evidence), Some(8));
        evidence.hear(7, now);
        assert_eq!(reported(&evidence), Some(7));
    }

    #[test]
    fn failed_lookups_are_tried_again_later() {
        let now = Instant::now();
        let mut evidence = Evidence::new(now);
        evidence.asked();
        evidence.refused(now);
        assert!(!evidence.wants_proof(now) && evidence.wants_proof(now + RETRY_REFUSED));
        evidence.asked();
        evidence.not_found(now);
        assert!(!evidence.wants_proof(now) && evidence.wants_proof(now + RETRY));
    }
}
