"""A gRPC client that opens a channel and leaves: `tls_grpc.py CERTIFICATE PORT`."""

import sys
import time

import grpc

with open(sys.argv[1], "rb") as file:
    credentials = grpc.ssl_channel_credentials(file.read())
channel = grpc.secure_channel(f"localhost:{sys.argv[2]}", credentials)
channel.subscribe(lambda state: None, try_to_connect=True)
# The server answers nothing: what is opened is a connection, not a channel.
time.sleep(0.7)
channel.close()
