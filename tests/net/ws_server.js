// node ws_server.js HOW [ARGUMENT]: a server out of the WebSocket library of node-ws, that sends
// every message back and besides does what HOW says. Prints "ready PORT", and what it sees; ends
// with a line that counts it.
'use strict';

const http = require('http');
const { WebSocketServer } = require('ws');

const how = process.argv[2];
const argument = Number(process.argv[3] || 0);
const seen = { connections: 0, messages: 0, bytes: 0, pongs: 0, closes: {} };

function echo(socket, data, isBinary) {
	seen.messages++;
	seen.bytes += data.length;
	if (how === 'silent') return;
	if (how === 'fragments') {
		const half = Math.floor(data.length / 2);
		socket.send(data.subarray(0, half), { binary: isBinary, fin: false });
		socket.ping('between');
		socket.send(data.subarray(half), { binary: isBinary });
		return;
	}
	socket.send(how === 'wrong' ? 'something else' : data, { binary: isBinary });
	if (how === 'close' && seen.messages % argument === 0) socket.close(1001, 'enough');
}

function serve(socket, request) {
	seen.connections++;
	if (seen.connections === 1) {
		console.log(`request ${request.url} ${JSON.stringify(request.headers)}`);
	}
	socket.on('error', (error) => console.log(`error ${error.message}`));
	socket.on('message', (data, isBinary) => echo(socket, data, isBinary));
	socket.on('pong', () => seen.pongs++);
	socket.on('close', (code) => {
		seen.closes[code] = (seen.closes[code] || 0) + 1;
	});
	if (how === 'greet') socket.send('hello');
	if (how === 'pings') {
		const timer = setInterval(() => socket.ping('still there?'), 10);
		socket.on('close', () => clearInterval(timer));
	}
}

// What is no WebSocket server.
const answers = {
	notfound: 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n',
	accept:
		'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
		'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n',
	upgrade: 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n',
};

const server = http.createServer();
if (answers[how]) {
	server.on('upgrade', (request, socket) => {
		seen.connections++;
		socket.on('error', () => {});
		socket.write(answers[how]);
	});
} else {
	new WebSocketServer({
		server,
		perMessageDeflate: false,
		maxPayload: 0,
		handleProtocols: (offers) => [...offers][0],
	}).on('connection', serve);
}
server.listen(0, '127.0.0.1', () => console.log(`ready ${server.address().port}`));
process.on('SIGTERM', () => {
	console.log(`seen ${JSON.stringify(seen)}`);
	process.exit(0);
});
