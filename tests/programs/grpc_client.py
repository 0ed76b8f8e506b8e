"""One call over gRPC with TLS, which need not be answered: `grpc_client.py ADDRESS CERTIFICATE`."""

import sys

import grpc

ADDRESS, CERTIFICATE = sys.argv[1:]
with open(CERTIFICATE, "rb") as file:
    credentials = grpc.ssl_channel_credentials(file.read())
with grpc.secure_channel(ADDRESS, credentials) as channel:
    try:
        channel.unary_unary("/shop.Items/Get")(b"", timeout=1)
    except grpc.RpcError as error:
        print(error.code())
