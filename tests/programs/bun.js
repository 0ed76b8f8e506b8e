// A server on Bun.serve with TLS: `bun.js ADDRESS PORT`, CERTIFICATE and KEY in the environment.
const STATUS = [200, 200, 200, 200, 201, 201, 201, 404, 404, 404];

Bun.serve({
  hostname: process.argv[2],
  port: Number(process.argv[3]),
  tls: { cert: Bun.file(process.env.CERTIFICATE), key: Bun.file(process.env.KEY) },
  async fetch(request) {
    const item = request.url.split("/").pop();
    await request.arrayBuffer();
    return new Response(item, { status: STATUS[Number(item.slice(-1))] });
  },
});
