"""A TLS client on Python's ssl, by http.client or asyncio.

`tls_client.py sync|asyncio ADDRESS METHOD FIRST LAST BODY_BYTES CONNECTIONS kept|fresh`
"""

import asyncio
import http.client
import ssl
import sys
import threading

HOW, ADDRESS, METHOD, FIRST, LAST, SIZE, CONNECTIONS, MANNER = sys.argv[1:]
HOST, PORT = ADDRESS.rsplit(":", 1)
BODY = b"x" * int(SIZE)
KEPT = MANNER == "kept"
FIELDS = {} if KEPT else {"Connection": "close"}
LENGTH = {"Content-Length": len(BODY)} if BODY else {}

context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
ids = iter(range(int(FIRST), int(LAST)))
failures = []


def check(item, content):
    if content != str(item).encode():
        raise ValueError(f"{item} was answered by {content}")


def work():
    try:
        connection = http.client.HTTPSConnection(HOST, int(PORT), context=context)
        for item in ids:
            connection.request(METHOD, f"/items/{item}", BODY or None, FIELDS)
            check(item, connection.getresponse().read())
        connection.close()
    except Exception as error:
        failures.append(error)


async def work_async():
    reader = writer = None
    for item in ids:
        if writer is None or not KEPT:
            reader, writer = await asyncio.open_connection(HOST, int(PORT), ssl=context, server_hostname="localhost")
        fields = "".join(f"{name}: {value}\r\n" for name, value in {**FIELDS, **LENGTH}.items())
        head = f"{METHOD} /items/{item} HTTP/1.1\r\nHost: {ADDRESS}\r\n{fields}\r\n"
        writer.write(head.encode() + BODY)
        answer = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(answer.split("content-length:")[1].split("\r\n")[0])
        check(item, await reader.readexactly(length))
        if not KEPT:
            writer.close()
    if writer:
        writer.close()


async def all_async():
    await asyncio.gather(*(work_async() for _ in range(int(CONNECTIONS))))


if HOW == "asyncio":
    asyncio.run(all_async())
else:
    threads = [threading.Thread(target=work) for _ in range(int(CONNECTIONS))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        sys.exit(f"{failures}")
