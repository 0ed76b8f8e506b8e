// A server on Node's http: `server.js ADDRESS PORT`.
const STATUS = [200, 200, 200, 200, 201, 201, 201, 404, 404, 404];

const server = require("http").createServer((request, response) => {
  const item = request.url.split("/").pop();
  request.resume();
  request.on("end", () => {
    response.writeHead(STATUS[Number(item.slice(-1))], { "Content-Length": item.length });
    response.end(item);
  });
});
server.listen(Number(process.argv[3]), process.argv[2]);
