"""Reads all topics of a sensor and checks each record against its schema.

usage: kafka_validate.py BROKERS PREFIX SCHEMAS

Prints for each topic how many records there are, how many differ by their id, and how many break
their schema. Of a long topic every hundredth is checked: the validator is slow.
"""

import json
import pathlib
import sys

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition
from jsonschema import Draft202012Validator

NAMES = {"exchanges": "exchange.v1", "endpoints": "endpoint.v1", "sensor": "sensor.v1"}
ALL = 2000


def records(brokers, topic):
    """Every record of a topic, to its end as of now."""
    consumer = Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": "validate",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
        }
    )
    partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    consumer.assign([TopicPartition(topic, one, OFFSET_BEGINNING) for one in partitions])
    open_partitions = len(partitions)
    while open_partitions:
        message = consumer.poll(10)
        if message is None:
            raise SystemExit(f"{topic}: no answer in ten seconds")
        if message.error():
            if message.error().code() != KafkaError._PARTITION_EOF:
                raise SystemExit(f"{topic}: {message.error()}")
            open_partitions -= 1
            continue
        yield message
    consumer.close()


def check(brokers, topic, schema, version):
    """What is in a topic."""
    validator = Draft202012Validator(schema)
    count, ids, problems = 0, set(), 0
    for message in records(brokers, topic):
        count += 1
        if message.value() is None:
            continue
        record = json.loads(message.value())
        ids.add(record["event.id"])
        headers = dict(message.headers() or [])
        if headers.get("schema") != version.encode() or "node" not in headers:
            problems += 1
        if count > ALL and count % 100:
            continue
        for error in validator.iter_errors(record):
            problems += 1
            print(topic, error.json_path, error.message[:200], file=sys.stderr)
    return {"records": count, "ids": len(ids), "problems": problems}


def main():
    brokers, prefix, schemas = sys.argv[1:]
    found = {}
    for name, version in NAMES.items():
        schema = json.loads((pathlib.Path(schemas) / f"{version}.json").read_text())
        found[prefix + name] = check(brokers, prefix + name, schema, version)
    print(json.dumps(found))


main()
