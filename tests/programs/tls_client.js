// A TLS client on Node or bun:
// `tls_client.js https|fetch ADDRESS METHOD FIRST LAST BODY_BYTES CONNECTIONS kept|fresh`.
const [how, address, method, first, last, size, connections, manner] = process.argv.slice(2);
const body = Number(size) > 0 ? "x".repeat(Number(size)) : undefined;
const kept = manner === "kept";
const fields = kept ? {} : { Connection: "close" };

const https = require("https");
const agent = new https.Agent({ keepAlive: kept, maxSockets: Number(connections), rejectUnauthorized: false });

function byHttps(id) {
  const options = { method, agent, headers: body ? { ...fields, "Content-Length": body.length } : fields };
  return new Promise((resolve, reject) => {
    const request = https.request(`https://${address}/items/${id}`, options, (response) => {
      let text = "";
      response.on("data", (data) => (text += data));
      response.on("end", () => resolve(text));
    });
    request.on("error", reject);
    request.end(body);
  });
}

async function byFetch(id) {
  const options = { method, body, headers: fields, keepalive: kept, tls: { rejectUnauthorized: false } };
  return (await fetch(`https://${address}/items/${id}`, options)).text();
}

const ask = how === "fetch" ? byFetch : byHttps;
let next = Number(first);

async function work() {
  while (next < Number(last)) {
    const id = next++;
    const answer = await ask(id);
    if (answer !== String(id)) throw new Error(`${id} was answered by ${answer}`);
  }
}

Promise.all(Array.from({ length: Number(connections) }, work)).then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
