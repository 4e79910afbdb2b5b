// node ws_client.js URL [CASE...]: has the WebSocket library of node-ws talk to a server that sends
// every message back. Says of each case what came of it; exit status 1 if one failed.
'use strict';

const assert = require('assert');
const crypto = require('crypto');
const { once } = require('events');
const WebSocket = require('ws');

const url = process.argv[2];
const DEADLINE_MS = 20000;

async function open(protocols, options) {
	const socket = new WebSocket(url, protocols, options);
	socket.received = [];
	socket.on('message', (data, isBinary) => socket.received.push([data, isBinary]));
	await once(socket, 'open');
	return socket;
}

async function receive(socket, count) {
	while (socket.received.length < count) await once(socket, 'message');
	return socket.received;
}

async function close(socket, code, reason) {
	const closed = once(socket, 'close');
	socket.close(code, reason);
	return (await closed)[0];
}

async function echo(socket, data, options) {
	const before = socket.received.length;
	socket.send(data, options);
	const [got, isBinary] = (await receive(socket, before + 1))[before];
	assert.ok(Buffer.from(data).equals(got), `${got.length} bytes came back otherwise`);
	assert.strictEqual(isBinary, typeof data !== 'string');
}

const cases = {
	async messages() {
		const socket = await open();
		for (const size of [0, 1, 125, 126, 127, 65535, 65536, 1 << 20]) {
			await echo(socket, crypto.randomBytes(size));
			await echo(socket, 'ä'.repeat(size / 2));
		}
		assert.strictEqual(await close(socket, 1000), 1000);
	},

	async many() {
		const socket = await open();
		for (let i = 0; i < 20000; i++) socket.send(`message ${i}`);
		const got = await receive(socket, 20000);
		got.forEach(([data], i) => assert.strictEqual(String(data), `message ${i}`));
		assert.strictEqual(await close(socket, 1000), 1000);
	},

	async large() {
		const socket = await open(undefined, { maxPayload: 0 });
		await echo(socket, crypto.randomBytes(64 << 20));
		assert.strictEqual(await close(socket, 1000), 1000);
	},

	async fragments() {
		const socket = await open();
		for (const piece of ['frag', '', 'men', 't']) {
			socket.send(piece, { fin: piece === 't' });
			if (piece !== 't') socket.ping('between');
		}
		const [[data, isBinary]] = await receive(socket, 1);
		assert.strictEqual(String(data), 'fragment');
		assert.strictEqual(isBinary, false);
		for (let i = 0; i < 1000; i++)
			socket.send(Buffer.alloc(1000, i), { fin: i === 999 });
		const bytes = (await receive(socket, 2))[1][0];
		assert.strictEqual(bytes.length, 1000000);
		bytes.forEach((byte, i) => assert.strictEqual(byte, Math.floor(i / 1000) & 255));
		assert.strictEqual(await close(socket, 1000), 1000);
	},

	async pings() {
		const socket = await open();
		const pongs = [];
		socket.on('pong', (data) => pongs.push(String(data)));
		for (let i = 0; i < 10000; i++) socket.ping(`ping ${i}`);
		socket.ping(Buffer.alloc(125, 'x'));
		await echo(socket, 'behind them');
		assert.strictEqual(pongs.length, 10001);
		pongs.slice(0, -1).forEach((data, i) => assert.strictEqual(data, `ping ${i}`));
		assert.strictEqual(pongs[10000], 'x'.repeat(125));
		assert.strictEqual(await close(socket, 1000), 1000);
	},

	async codes() {
		for (const code of [1000, 1001, 1013, 3000, 4999])
			assert.strictEqual(await close(await open(), code, 'because'), code);
		assert.strictEqual(await close(await open()), 1005);
	},

	async subprotocols() {
		const socket = await open(['v2.chat', 'chat']);
		assert.strictEqual(socket.protocol, 'v2.chat');
		assert.strictEqual(socket.extensions, '');
		await close(socket, 1000);
	},

	// Each of these breaks the protocol: the code that the server says goodbye with.
	async mistakes() {
		const mistakes = [
			[1007, (socket) => socket.send(Buffer.from([0xc3, 0x28]), { binary: false })],
			[1002, (socket) => socket.send('unmasked', { mask: false })],
			[1002, (socket) => socket._socket.write(Buffer.from([0xf1, 0x80, 0, 0, 0, 0]))],
			[1002, (socket) => socket._socket.write(Buffer.from([0x80, 0x80, 0, 0, 0, 0]))],
			[1002, (socket) => socket._socket.write(Buffer.from([0x89, 0xfe, 0, 126]))],
			[1009, (socket) => socket._socket.write(Buffer.alloc(10, 0xff).fill(0x82, 0, 1))],
		];
		for (const [code, make] of mistakes) {
			const socket = await open();
			const closed = once(socket, 'close');
			make(socket);
			const [found, reason] = await closed;
			assert.strictEqual(found, code);
			assert.match(String(reason), /WebSocket/);
		}
	},

	// Until the server says that it goes away.
	async drained() {
		const socket = await open();
		await echo(socket, 'up');
		console.log('up');
		const [code] = await once(socket, 'close');
		assert.strictEqual(code, 1001);
	},
};

async function main(names) {
	let failures = 0;
	for (const name of names) {
		const late = setTimeout(() => {
			console.log(`FAILED: ${name}: no end in ${DEADLINE_MS} ms`);
			process.exit(1);
		}, DEADLINE_MS);
		try {
			await cases[name]();
			console.log(`ok ${name}`);
		} catch (error) {
			console.log(`FAILED: ${name}: ${error.message}`);
			failures++;
		}
		clearTimeout(late);
	}
	process.exit(failures > 0 ? 1 : 0);
}

main(process.argv.slice(3));
