"""An ASGI application, served by uvicorn."""

STATUS = (200, 200, 200, 200, 201, 201, 201, 404, 404, 404)


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    item = scope["path"].rsplit("/", 1)[1].encode()
    while (await receive()).get("more_body"):
        pass
    fields = [(b"content-length", b"%d" % len(item))]
    await send({"type": "http.response.start", "status": STATUS[int(item[-1:])], "headers": fields})
    await send({"type": "http.response.body", "body": item})
