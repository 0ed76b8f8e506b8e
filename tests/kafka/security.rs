//! TLS, SASL and rights.

use std::{path::Path, process::Command};

use tests::harness::{
    Node, Scratch, free_port,
    kafka::{Cluster, read},
    read_output, require_live,
};

use super::replayed::{capture, check_arrives, check_refused};

/// Certificates of a small authority.
struct Authority {
    scratch: Scratch,
}

impl Authority {
    fn new() -> Self {
        let authority = Self { scratch: Scratch::new() };
        authority.openssl(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
             -subj /CN=authority -keyout ca.key -out ca.pem",
        );
        authority
    }

    /// A certificate for so many days, with its key in `<name>.all`.
    fn issue(&self, name: &str, days: u32) {
        self.scratch.write("names", "subjectAltName=DNS:localhost,IP:127.0.0.1");
        self.openssl(&format!(
            "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN={name} \
             -keyout {name}.key -out {name}.csr"
        ));
        self.openssl(&format!(
            "x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days {days} \
             -extfile names -out {name}.pem"
        ));
        let read =
            |file: String| std::fs::read_to_string(self.scratch.file(&file)).expect("a file");
        let both = read(format!("{name}.key")) + &read(format!("{name}.pem"));
        self.scratch.write(&format!("{name}.all"), both);
    }

    fn openssl(&self, arguments: &str) {
        let mut command = Command::new("openssl");
        command.current_dir(self.scratch.path()).args(arguments.split_whitespace());
        read_output(&mut command);
    }

    fn path(&self, name: &str) -> String {
        self.scratch.file(name).display().to_string()
    }
}

struct Ports {
    plain: u16,
    sasl: u16,
    tls: u16,
    expired: u16,
}

/// A broker that asks who comes, by four listeners.
fn secured(node: &Node, authority: &Authority, ports: &Ports) -> Cluster {
    let Ports { plain, sasl, tls, expired } = ports;
    let login = "org.apache.kafka.common.security";
    let users = "user_sensor=\"secret\" user_nobody=\"secret\"";
    let keys = |listener: &str, name: &str| {
        vec![
            format!("listener.name.{listener}.ssl.keystore.type=PEM"),
            format!("listener.name.{listener}.ssl.keystore.location={}", authority.path(name)),
            format!("listener.name.{listener}.ssl.truststore.type=PEM"),
            format!(
                "listener.name.{listener}.ssl.truststore.location={}",
                authority.path("ca.pem")
            ),
            format!("listener.name.{listener}.ssl.client.auth=required"),
        ]
    };
    let mut properties = vec![
        format!(
            "listeners=PLAINTEXT://127.0.0.1:{plain},SASL_PLAINTEXT://127.0.0.1:{sasl},\
                 SSL://127.0.0.1:{tls},EXPIRED://127.0.0.1:{expired}"
        ),
        "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,\
             SASL_PLAINTEXT:SASL_PLAINTEXT,SSL:SSL,EXPIRED:SSL"
            .to_owned(),
        "inter.broker.listener.name=PLAINTEXT".to_owned(),
        "sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256".to_owned(),
        format!(
            "listener.name.sasl_plaintext.plain.sasl.jaas.config=\
                 {login}.plain.PlainLoginModule required {users};"
        ),
        format!(
            "listener.name.sasl_plaintext.scram-sha-256.sasl.jaas.config=\
                 {login}.scram.ScramLoginModule required;"
        ),
        "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer".to_owned(),
        "super.users=User:ANONYMOUS;User:sensor;User:scram;User:CN=client".to_owned(),
    ];
    properties.extend(keys("ssl", "server.all"));
    properties.extend(keys("expired", "expired.all"));
    let scram = ["--add-scram", "SCRAM-SHA-256=[name=scram,password=secret]"];
    Cluster::start_with(node, *plain, &properties, &scram)
}

#[test]
fn brokers_that_ask_who_comes_are_answered_and_refusals_explained() {
    let Some(node) = require_live() else { return };
    let authority = Authority::new();
    authority.issue("server", 2);
    authority.issue("client", 2);
    authority.issue("expired", 0);
    let ports =
        Ports { plain: free_port(), sasl: free_port(), tls: free_port(), expired: free_port() };
    let cluster = secured(&node, &authority, &ports);
    let scratch = Scratch::new();
    let file = capture(&scratch, 100);

    // Before anybody has made the topics.
    refused(
        &node,
        &file,
        ports.sasl,
        &sasl("PLAIN", "nobody", "secret"),
        &[
            "topic sensor.exchanges is missing, or hidden",
            "kafka-topics.sh --bootstrap-server",
            "--create --topic sensor.exchanges --partitions 6 --config cleanup.policy=delete",
            "records did not reach Kafka",
        ],
    );
    refused(
        &node,
        &file,
        ports.sasl,
        &sasl("PLAIN", "sensor", "wrong"),
        &["the brokers refuse the sensor's credentials"],
    );
    let client = client(&authority, &authority.path("ca.pem"));
    refused(
        &node,
        &file,
        ports.expired,
        &client,
        &["TLS with the brokers fails", "certificate has expired"],
    );
    refused(
        &node,
        &file,
        ports.tls,
        &self::client(&authority, &authority.path("client.pem")),
        &["TLS with the brokers fails"],
    );

    arrives(&node, &file, ports.sasl, &sasl("PLAIN", "sensor", "secret"));
    arrives(&node, &file, ports.sasl, &sasl("SCRAM-SHA-256", "scram", "secret"));
    arrives(&node, &file, ports.tls, &client);
    // Now that they are there: the right to write is asked for.
    refused(&node, &file, ports.sasl, &sasl("PLAIN", "nobody", "secret"), &["sensor.exchanges"]);

    let records = read(&cluster.addresses(), "sensor.exchanges", &[]);
    assert_eq!(records.len(), 300);
    let first = &records[0];
    assert_eq!(
        first.headers,
        format!("schema=exchange.v1,node=node-1,sensor.version={}", env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(first.key.len(), 32);
}

fn sasl(mechanism: &str, user: &str, password: &str) -> Vec<String> {
    vec![
        "security.protocol=SASL_PLAINTEXT".to_owned(),
        format!("sasl.mechanism={mechanism}"),
        format!("sasl.username={user}"),
        format!("sasl.password={password}"),
    ]
}

fn client(authority: &Authority, trusted: &str) -> Vec<String> {
    vec![
        "security.protocol=SSL".to_owned(),
        format!("ssl.ca.location={trusted}"),
        format!("ssl.certificate.location={}", authority.path("client.pem")),
        format!("ssl.key.location={}", authority.path("client.key")),
    ]
}

#[track_caller]
fn arrives(node: &Node, file: &Path, port: u16, properties: &[String]) {
    let settings = settings(port, properties);
    check_arrives(node, file, &settings.iter().map(String::as_str).collect::<Vec<_>>());
}

#[track_caller]
fn refused(node: &Node, file: &Path, port: u16, properties: &[String], words: &[&str]) {
    let settings = settings(port, properties);
    check_refused(node, file, &settings.iter().map(String::as_str).collect::<Vec<_>>(), words);
}

fn settings(port: u16, properties: &[String]) -> Vec<String> {
    let own = [format!("kafka.brokers=127.0.0.1:{port}"), "kafka.flush_timeout=4s".to_owned()];
    let properties = properties.iter().map(|property| format!("kafka.properties.{property}"));
    own.into_iter().chain(properties).collect()
}
