#!/usr/bin/env python3
"""Makes the captures of this folder: real OpenSSL connections over loopback, as NAME.pcap with
NAME.keys (SSLKEYLOGFILE format). Needs root, tcpdump and the openssl command (3.0).

What the peers say follows from NAME, so that the tests know it: request i of N is
`GET /NAME/i HTTP/1.1`, its response has a body of SIZE bytes, `i-00000;i-00001;...`.
"""
import os, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
WORK = tempfile.mkdtemp()
PORT = 24433


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, cwd=WORK, stderr=subprocess.DEVNULL)


def certificates():
    for name, key in [("rsa", ["rsa:2048"]), ("ec", ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]),
                      ("client", ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"])]:
        common = "worker-7" if name == "client" else "api.example"
        alternative = ("URI:spiffe://example/ns/shop/sa/worker" if name == "client"
                       else "DNS:api.example,DNS:*.api.example,IP:127.0.0.1")
        openssl("req", "-x509", "-newkey", *key, "-nodes", "-days", "3650", "-subj",
                f"/CN={common}", "-addext", f"subjectAltName={alternative}",
                "-keyout", f"{name}.key", "-out", f"{name}.pem")


def request(name, i):
    return f"GET /{name}/{i} HTTP/1.1\r\nHost: api.example\r\n\r\n".encode()


def response(i, size):
    body = "".join(f"{i}-{k:05};" for k in range(size // 8 + 1))[:size]
    return f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n{body}".encode()


def wait_for(path, needle, seconds=5):
    end = time.time() + seconds
    while time.time() < end:
        if needle in open(path, "rb").read():
            return
        time.sleep(0.02)
    raise SystemExit(f"{path}: {needle!r} never came")


def case(name, server=(), client=(), count=4, size=100, cert="rsa", steps=(), early=None,
         capture=True, reuse=None):
    """steps: {i: (who, command)}: before exchange i, who types command."""
    print(name, flush=True)
    keys = os.path.join(WORK, name + ".keys")
    pcap = os.path.join(HERE, name + ".pcap")
    dump = None
    if capture:
        dump = subprocess.Popen(["tcpdump", "-i", "lo", "-U", "--immediate-mode", "-Z", "root", "-s", "0", "-w", pcap, "tcp", "port",
                                 str(PORT)], stderr=subprocess.DEVNULL)
        time.sleep(0.5)
    server_out, client_out = (os.path.join(WORK, f"{name}.{who}.out") for who in ("s", "c"))
    s = reuse or subprocess.Popen(
        ["openssl", "s_server", "-accept", f"127.0.0.1:{PORT}", "-cert", f"{cert}.pem", "-key",
         f"{cert}.key", "-alpn", "http/1.1", *server],
        cwd=WORK, stdin=subprocess.PIPE, stdout=open(server_out, "wb"), stderr=subprocess.STDOUT)
    if not reuse:
        s.output = server_out
        time.sleep(0.3)
    c = subprocess.Popen(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{PORT}", "-servername", "api.example",
         "-alpn", "h2,http/1.1", "-keylogfile", keys, *client],
        cwd=WORK, stdin=subprocess.PIPE, stdout=open(client_out, "wb"), stderr=subprocess.STDOUT)
    time.sleep(0.5)
    steps = dict(steps)
    for i in range(count):
        if i in steps:
            for who, command in steps[i]:
                to = s if who == "s" else c
                to.stdin.write(command.encode() + b"\n"); to.stdin.flush()
                time.sleep(0.3)
        if not (early and i == 0):
            c.stdin.write(request(name, i)); c.stdin.flush()
        wait_for(s.output, f"GET /{name}/{i} ".encode())
        time.sleep(0.05)
        s.stdin.write(response(i, size)); s.stdin.flush()
        time.sleep(0.15)
    c.stdin.write(b"Q\n"); c.stdin.flush()
    c.wait(5)
    time.sleep(0.2)
    if capture:
        if not reuse:
            stop(s)
        dump.terminate(); dump.wait()
        with open(os.path.join(HERE, name + ".keys"), "wb") as out:
            out.write(open(keys, "rb").read())
    return s


def stop(s):
    s.terminate(); s.wait()


def resumed(name, server=(), client=(), early=False):
    first = case(name + "-first", server, (*client, "-sess_out", "session.pem"), 1, capture=False)
    more = ("-sess_in", "session.pem")
    if early:
        open(os.path.join(WORK, "early"), "wb").write(request(name, 0))
        more += ("-early_data", "early")
    stop(case(name, server, (*client, *more), early=early, reuse=first))


def main(only):
    certificates()
    def wanted(name): return not only or name in only
    def one(name, *arguments, **options):
        if wanted(name): case(name, *arguments, **options)
    suite = lambda name: ("-ciphersuites", name)
    old = lambda *ciphers: ("-cipher", ":".join(ciphers) + ":@SECLEVEL=0")
    one("tls13-aes128", client=suite("TLS_AES_128_GCM_SHA256"))
    one("tls13-aes256", client=suite("TLS_AES_256_GCM_SHA384"))
    one("tls13-chacha", client=suite("TLS_CHACHA20_POLY1305_SHA256"))
    for name, cipher in [("ccm", "TLS_AES_128_CCM_SHA256"), ("ccm8", "TLS_AES_128_CCM_8_SHA256")]:
        one("tls13-" + name, suite(cipher), suite(cipher))
    one("tls13-large", client=suite("TLS_AES_128_GCM_SHA256"), size=50000, count=3)
    one("tls13-keyupdate", count=6, steps={1: [("c", "K")], 3: [("s", "K")], 4: [("c", "k"), ("s", "k")]})
    one("tls13-retry", ("-groups", "P-256"), ("-groups", "X25519:P-256"))
    one("tls13-mutual", ("-Verify", "1", "-CAfile", "client.pem"),
        ("-cert", "client.pem", "-key", "client.key"), cert="ec")
    if wanted("tls13-resumed"): resumed("tls13-resumed", client=("-tls1_3",))
    if wanted("tls13-early"): resumed("tls13-early", ("-early_data",), early=True)
    two = ("-tls1_2",)
    for name, cipher, cert in [
            ("aes128", "ECDHE-RSA-AES128-GCM-SHA256", "rsa"), ("aes256", "ECDHE-RSA-AES256-GCM-SHA384", "rsa"),
            ("chacha", "ECDHE-RSA-CHACHA20-POLY1305", "rsa"), ("cbc-sha", "ECDHE-RSA-AES128-SHA", "rsa"),
            ("cbc-sha256", "ECDHE-RSA-AES128-SHA256", "rsa"), ("cbc-sha384", "ECDHE-RSA-AES256-SHA384", "rsa"),
            ("rsa-cbc256", "AES256-SHA256", "rsa"), ("rsa-gcm", "AES128-GCM-SHA256", "rsa"),
            ("ccm", "ECDHE-ECDSA-AES128-CCM", "ec"), ("ccm8", "ECDHE-ECDSA-AES256-CCM8", "ec")]:
        one("tls12-" + name, old(cipher), (*two, *old(cipher)), cert=cert)
    for name in ["ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES128-SHA256"]:
        one("tls12-" + name.replace("ECDHE-RSA-AES128-", "cbc-").lower() + "-mac-then-encrypt",
            old(name), (*two, *old(name), "-no_etm"))
    one("tls12-large", client=(*two, *old("ECDHE-RSA-AES128-GCM-SHA256")), size=50000, count=3)
    one("tls12-mutual", ("-Verify", "1", "-CAfile", "client.pem"),
        (*two, "-cert", "client.pem", "-key", "client.key"))
    one("tls12-renegotiated", ("-client_renegotiation",), two, steps={2: [("c", "R")]})
    if wanted("tls12-resumed"): resumed("tls12-resumed", client=two)
    if wanted("tls12-resumed-id"): resumed("tls12-resumed-id", ("-no_ticket",), two)
    for name, version in [("tls10", "-tls1"), ("tls11", "-tls1_1")]:
        arguments = (version, *old("ALL"))
        one(name, old("ALL"), arguments)
        one(name + "-mac-then-encrypt", old("ALL"), (*arguments, "-no_etm"))


main(sys.argv[1:])
