//! The watch on the node's pods.

use std::{
    collections::HashMap,
    future::{Future, poll_fn},
    pin::pin,
    sync::Arc,
};

use futures_util::{Stream as _, TryStreamExt as _};
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api, Client,
    runtime::{
        WatchStreamExt as _,
        watcher::{self, Event},
    },
};

use super::{Board, Pods, pod::entries};

/// Pods kept. A node has 110 by default, and a few thousand at most.
const MAX_PODS: usize = 4096;

/// How long the API server may let a watch stand before it is asked anew, in seconds.
const PATIENCE: u32 = 240;

/// Follows the pods of one node.
pub struct Watcher {
    client: Client,
    node: String,
    board: Arc<Board>,
}

/// Why the API server cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The pod's service account is not there, or cannot be used.
    #[error(
        "failed to read the service account of this pod: {0}; set automountServiceAccountToken, \
         or kubernetes.api to none"
    )]
    InCluster(#[from] kube::config::InClusterError),
    /// The URL.
    #[error("kubernetes.api {0} is no URL")]
    Url(String),
    /// Certificates or the like.
    #[error("failed to make a client of the API server: {0}")]
    Client(#[from] kube::Error),
}

impl Watcher {
    /// For the API server that the environment of a pod names. `None` outside of a pod. To be
    /// called in a tokio runtime, like all here.
    pub fn in_cluster(node: &str, board: Arc<Board>) -> Result<Option<Self>, ClientError> {
        if std::env::var_os("KUBERNETES_SERVICE_HOST").is_none() {
            return Ok(None);
        }
        let client = Client::try_from(kube::Config::incluster()?)?;
        Ok(Some(Self { client, node: node.to_owned(), board }))
    }

    /// For the API server at a URL.
    pub fn at(url: &str, node: &str, board: Arc<Board>) -> Result<Self, ClientError> {
        let parsed = url.parse().map_err(|_| ClientError::Url(url.to_owned()))?;
        let client = Client::try_from(kube::Config::new(parsed))?;
        Ok(Self { client, node: node.to_owned(), board })
    }

    /// Lists the node's pods and follows them until `shutdown` is ready. Whatever fails is tried
    /// again, ever more slowly.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let selector = format!("spec.nodeName={}", self.node);
        let config = watcher::Config::default().fields(&selector).timeout(PATIENCE);
        let stream = watcher::watcher(Api::<Pod>::all(self.client), config).default_backoff();
        let mut table = Table { board: self.board, ..Table::default() };
        let mut stream = pin!(stream.map_err(|error| error.to_string()));
        let following = async {
            while let Some(event) = poll_fn(|context| stream.as_mut().poll_next(context)).await {
                table.take(event);
            }
        };
        tokio::select! {
            () = following => {}
            () = shutdown => {}
        }
    }
}

/// What is known of the pods.
#[derive(Default)]
struct Table {
    pods: HashMap<String, Pod>,
    /// Those of a list that has not come to its end yet.
    listed: Option<HashMap<String, Pod>>,
    failing: bool,
    board: Arc<Board>,
}

impl Table {
    fn take(&mut self, event: Result<Event<Pod>, String>) {
        match event {
            Ok(event) => self.take_event(event),
            Err(error) => self.fail(&error),
        }
    }

    fn take_event(&mut self, event: Event<Pod>) {
        match event {
            Event::Init => self.listed = Some(HashMap::new()),
            Event::InitApply(pod) => {
                let listed = self.listed.get_or_insert_default();
                insert(listed, pod);
            }
            // What was deleted while nobody watched is gone with the old table.
            Event::InitDone => {
                self.pods = self.listed.take().unwrap_or_default();
                tracing::info!(pods = self.pods.len(), "pods of this node are known by name");
                self.failing = false;
                self.show();
            }
            Event::Apply(pod) => {
                insert(&mut self.pods, pod);
                self.show();
            }
            Event::Delete(pod) => {
                self.pods.remove(pod.metadata.uid.as_deref().unwrap_or_default());
                self.show();
            }
        }
    }

    fn fail(&mut self, error: &str) {
        self.board.count_error();
        // The old picture stands: most of it is still true.
        if !std::mem::replace(&mut self.failing, true) {
            tracing::warn!(error, "pods are not known by name: the API server does not tell");
        }
    }

    fn show(&self) {
        let entries = self.pods.values().flat_map(entries).collect();
        self.board.show(Pods(Arc::new(entries)), self.pods.len());
    }
}

fn insert(pods: &mut HashMap<String, Pod>, pod: Pod) {
    let Some(uid) = pod.metadata.uid.clone() else { return };
    if pods.len() < MAX_PODS || pods.contains_key(&uid) {
        pods.insert(uid, pod);
    }
}
