/**
 * Required by the n8n under test before its own code: calls to SendGrid's address, the only one
 * that n8n's own node knows, go to the stand-in at SENDGRID_STAND_IN.
 */
const http = require('node:http');
const https = require('node:https');

const standIn = new URL(process.env.SENDGRID_STAND_IN);
const { request } = https;

https.request = function (options, callback) {
	if (options.hostname !== 'api.sendgrid.com') return request.call(this, options, callback);
	const { method, path, headers } = options;
	const { hostname, port } = standIn;
	return http.request({ method, path, headers, hostname, port }, callback);
};
