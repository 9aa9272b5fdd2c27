/**
 * Lets webhooks reach n8n only while n8n can do their work. While it starts, n8n answers every
 * request with 200, and a sender takes that for success. While it stops, n8n goes on beginning
 * executions, and cuts them off when it ends. With this file, webhooks get 503 at these times, and
 * are sent again:
 *
 *   NODE_OPTIONS="--require /path/to/webhook-gate.cjs" n8n start
 *
 * It asks n8n itself whether it is ready, at /healthz/readiness, and costs nothing once the answer
 * was yes. When n8n is told to stop, it closes n8n's server to new connections, as n8n means to and
 * (up to 2.41) does not. That also tells the SendGrid nodes to begin nothing more.
 */
'use strict';

const http = require('node:http');
const https = require('node:https');

const {
	N8N_ENDPOINT_WEBHOOK = 'webhook',
	N8N_ENDPOINT_WEBHOOK_WAIT = 'webhook-waiting',
	N8N_ENDPOINT_HEALTH = 'healthz',
} = process.env;
const GATED = [N8N_ENDPOINT_WEBHOOK, N8N_ENDPOINT_WEBHOOK_WAIT].map((name) => `/${name}/`);
const READINESS = `/${N8N_ENDPOINT_HEALTH.replace(/^\//, '')}/readiness`;

/** The servers of this process that were ready once. */
const ready = new WeakSet();

for (const module of [http, https]) {
	const { emit } = module.Server.prototype;
	module.Server.prototype.emit = function (...args) {
		const [name, request, response] = args;
		const isGated = name === 'request' && GATED.some((path) => request.url.startsWith(path));
		if (!isGated) return Reflect.apply(emit, this, args);
		if (ready.has(this)) {
			// Over a connection that was open when the server closed.
			if (!this.listening) refuse(response);
			else Reflect.apply(emit, this, args);
			return true;
		}
		askReadiness(this, module).then((isReady) => {
			if (!isReady) return refuse(response);
			if (!ready.has(this)) closeOnStop(this);
			ready.add(this);
			Reflect.apply(emit, this, args);
		});
		return true;
	};
}

function refuse(response) {
	response.writeHead(503, { 'retry-after': '5', connection: 'close' });
	response.end('n8n is starting or stopping. Send this again later.');
}

/** Not before the server is ready: from then on n8n itself ends the process. */
function closeOnStop(server) {
	for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => server.close());
}

/** @returns {Promise<boolean>} whether n8n says that it is ready */
function askReadiness(server, { get }) {
	if (!server.listening) return Promise.resolve(false);
	const { address, port } = server.address();
	const isAnyAddress = address === '::' || address === '0.0.0.0';
	return new Promise((resolve) => {
		const options = {
			host: isAnyAddress ? 'localhost' : address,
			port,
			path: READINESS,
			agent: false,
			timeout: 5000,
			// n8n's own certificate, if it has one, is for its public name.
			rejectUnauthorized: false,
		};
		get(options, (response) => {
			response.resume();
			resolve(response.statusCode === 200);
		})
			.on('timeout', function () {
				this.destroy();
			})
			.on('error', () => resolve(false));
	});
}
