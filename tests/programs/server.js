// A server on Node's http: `server.js ADDRESS PORT`. With CERTIFICATE and KEY in the environment
// it speaks TLS.
const STATUS = [200, 200, 200, 200, 201, 201, 201, 404, 404, 404];

const { readFileSync } = require("fs");
const { CERTIFICATE, KEY } = process.env;
const secure = CERTIFICATE ? { cert: readFileSync(CERTIFICATE), key: readFileSync(KEY) } : undefined;

const server = require(secure ? "https" : "http").createServer(secure, (request, response) => {
  const item = request.url.split("/").pop();
  request.resume();
  request.on("end", () => {
    response.writeHead(STATUS[Number(item.slice(-1))], { "Content-Length": item.length });
    response.end(item);
  });
});
server.listen(Number(process.argv[3]), process.argv[2]);
