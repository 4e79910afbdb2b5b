// A server of gRPC that is not conntest: @grpc/grpc-js with grpc-health-check, and an echo. Prints "ready
// PORT". Services: "" is SERVING, "db" NOT_SERVING; /echo.Echo/Say sends back what it gets,
// /echo.Echo/Fail answers with UNAVAILABLE.
'use strict';
const grpc = require('@grpc/grpc-js');
const { HealthImplementation } = require('grpc-health-check');

const raw = (bytes) => bytes;
const method = (path) => ({
	path, requestStream: false, responseStream: false,
	requestSerialize: raw, requestDeserialize: raw, responseSerialize: raw, responseDeserialize: raw,
});
const server = new grpc.Server();
new HealthImplementation({ '': 'SERVING', db: 'NOT_SERVING' }).addToServer(server);
server.addService({ Say: method('/echo.Echo/Say'), Fail: method('/echo.Echo/Fail') }, {
	Say: (call, done) => done(null, call.request),
	Fail: (call, done) => done({ code: grpc.status.UNAVAILABLE, details: 'on purpose' }),
});
const [, , key, certificate] = process.argv;
const credentials = key
	? grpc.ServerCredentials.createSsl(null, [{
		private_key: require('fs').readFileSync(key), cert_chain: require('fs').readFileSync(certificate) }])
	: grpc.ServerCredentials.createInsecure();
server.bindAsync('127.0.0.1:0', credentials, (error, port) => {
	if (error) throw error;
	console.log(`ready ${port}`);
});
process.on('SIGTERM', () => server.tryShutdown(() => process.exit(0)));
