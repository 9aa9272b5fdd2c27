/**
 * Lets no webhook reach n8n before n8n is ready. While it starts, n8n answers every request with 200,
 * and a sender takes that for success. With this file, webhooks get 503 until then, and are sent
 * again. For those who have no proxy in front of n8n that can do the same:
 *
 *   NODE_OPTIONS="--require /path/to/startup-gate.cjs" n8n start
 *
 * It asks n8n itself, at /healthz/readiness, and costs nothing once the answer was yes.
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
		if (!isGated || ready.has(this)) return Reflect.apply(emit, this, args);
		askReadiness(this, module).then((isReady) => {
			if (isReady) {
				ready.add(this);
				Reflect.apply(emit, this, args);
				return;
			}
			response.writeHead(503, { 'retry-after': '5', connection: 'close' });
			response.end('n8n is starting. Send this again later.');
		});
		return true;
	};
}

/** @returns {Promise<boolean>} whether n8n says that it is ready */
function askReadiness(server, { get }) {
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
