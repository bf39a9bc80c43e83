/** http2.cjs FOLDER: HTTP/2 and HTTP/1.1 over TLS on 8443; answers with the version and the host. */

const { readFileSync } = require("node:fs");
const { createSecureServer } = require("node:http2");

const folder = process.argv[2];
const server = createSecureServer({
  allowHTTP1: true,
  cert: readFileSync(`${folder}/certificate.pem`),
  key: readFileSync(`${folder}/key.pem`),
});
server.on("request", (request, response) => {
  response.end(`${request.httpVersion} ${request.authority ?? request.headers.host}\n`);
});
server.listen(8443, "::");
