// A client of gRPC that is not conntest: @grpc/grpc-js, with the health messages of its
// grpc-health-check. grpc_client.js ADDRESS CASE...: "ok CASE" for each, or exit status 1.
'use strict';
const assert = require('assert');
const grpc = require('@grpc/grpc-js');
const protobuf = require('protobufjs');

const [, , address, ...cases] = process.argv;
const raw = { encode: (bytes) => bytes, decode: (bytes) => bytes };
const type = protobuf.parse(`syntax = "proto3";
	message Request { string service = 1; string later = 9; }
	message Response { int32 status = 1; }`).root;
const Request = type.lookupType('Request');
const Response = type.lookupType('Response');
const encode = (message) => Buffer.from(Request.encode(message).finish());
const status = (bytes) => Response.decode(bytes).status;

const credentials = process.env.CA
	? grpc.credentials.createSsl(require('fs').readFileSync(process.env.CA))
	: grpc.credentials.createInsecure();
const client = new grpc.Client(address, credentials);
const deadline = (ms) => ({ deadline: Date.now() + ms });

const unary = (path, bytes, options = deadline(10000)) =>
	new Promise((resolve) => client.makeUnaryRequest(path, raw.encode, raw.decode, bytes,
		new grpc.Metadata(), options, (error, answer) => resolve({ error, answer })));
const watch = (service, options, heard) => new Promise((resolve) => {
	const call = client.makeServerStreamRequest('/grpc.health.v1.Health/Watch', raw.encode,
		raw.decode, encode({ service }), new grpc.Metadata(), options);
	call.on('data', (bytes) => heard(status(bytes), call));
	call.on('error', (error) => resolve(error.code));
	call.on('end', () => resolve(0));
});

const all = {
	async check() {
		const check = (message) => unary('/grpc.health.v1.Health/Check', encode(message));
		assert.strictEqual(status((await check({})).answer), 1);
		assert.strictEqual(status((await check({ service: 'db' })).answer), 2);
		assert.strictEqual(status((await check({ service: 'db', later: 'x' })).answer), 2);
		assert.strictEqual(status((await check({ service: 'conntest.Echo' })).answer), 1);
		assert.strictEqual((await check({ service: 'nobody' })).error.code, grpc.status.NOT_FOUND);
	},
	async echo() {
		for (const size of [0, 1, 1000, 70000, 3000000]) {
			const bytes = require('crypto').randomBytes(size);
			const { answer, error } = await unary('/conntest.Echo/Echo', bytes);
			assert.ok(!error && answer.equals(bytes), `${size} bytes: ${error}`);
		}
	},
	async many() {
		const calls = Array.from({ length: 500 }, (_, i) =>
			unary('/conntest.Echo/Echo', Buffer.from(`call ${i}`)));
		(await Promise.all(calls)).forEach(({ answer }, i) =>
			assert.strictEqual(answer.toString(), `call ${i}`));
	},
	async unimplemented() {
		const { error } = await unary('/conntest.Echo/Nothing', Buffer.alloc(0));
		assert.strictEqual(error.code, grpc.status.UNIMPLEMENTED);
	},
	async watch() {
		const heard = [];
		const code = await watch('', deadline(300), (health) => heard.push(health));
		assert.deepStrictEqual(heard, [1]);
		assert.strictEqual(code, grpc.status.DEADLINE_EXCEEDED);
		const cancelled = await watch('nobody', deadline(10000), (health, call) => {
			assert.strictEqual(health, 3);
			call.cancel();
		});
		assert.strictEqual(cancelled, grpc.status.CANCELLED);
	},
	async drained() {
		const heard = [];
		const code = await watch('', deadline(60000), (health) => {
			heard.push(health);
			console.log(`health ${health}`);
		});
		assert.deepStrictEqual(heard, [1, 2]);
		assert.strictEqual(code, grpc.status.UNAVAILABLE);
	},
};

(async () => {
	for (const name of cases) {
		await all[name]();
		console.log(`ok ${name}`);
	}
	process.exit(0);
})().catch((error) => {
	console.error(error);
	process.exit(1);
});
