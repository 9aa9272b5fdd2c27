import { ApiError } from '../apiError';
import { route } from '../router';
import type { Call, Reply, Route } from '../router';

const PATH = '/v3/user/scheduled_sends';
const scope = (verb: string) => [`user.scheduled_sends.${verb}`];
/** No more than ten batches may be paused or cancelled at once. */
const MAX_DECISIONS = 10;

/** Pausing and cancelling batches of scheduled mail. */
export const scheduledSendRoutes: readonly Route[] = [
	route('POST', PATH, scope('create'), create),
	route('GET', PATH, scope('read'), ({ account }) => ({
		status: 200,
		body: [...account.scheduledSends].map(([batch_id, status]) => ({ batch_id, status })),
	})),
	route('GET', `${PATH}/:id`, scope('read'), readOne),
	route('PATCH', `${PATH}/:id`, scope('update'), update),
	route('DELETE', `${PATH}/:id`, scope('delete'), remove),
];

function create({ account, body }: Call): Reply {
	const { batch_id } = body;
	const status = statusFrom(body);
	if (typeof batch_id !== 'string' || !account.batchIds.has(batch_id)) {
		throw badRequest('batch_id', 'invalid batch id');
	}
	if (account.scheduledSends.has(batch_id)) {
		throw badRequest('batch_id', 'a status for this batch id already exists');
	}
	if (account.scheduledSends.size >= MAX_DECISIONS) {
		throw badRequest('batch_id', 'maximum number of cancellations and pauses reached');
	}
	account.scheduledSends.set(batch_id, status);
	return { status: 201, body: { batch_id, status } };
}

/** Documented to answer with a list, even for one batch. */
function readOne({ account, params }: Call): Reply {
	const batch_id = params['id']!;
	const status = account.scheduledSends.get(batch_id);
	return { status: 200, body: status ? [{ batch_id, status }] : [] };
}

function update({ account, body, params }: Call): Reply {
	const status = statusFrom(body);
	mustBeSet({ account, params });
	account.scheduledSends.set(params['id']!, status);
	return { status: 204 };
}

function remove({ account, params, services }: Call): Reply {
	mustBeSet({ account, params });
	account.scheduledSends.delete(params['id']!);
	services.releaseScheduled();
	return { status: 204 };
}

function mustBeSet({ account, params }: Pick<Call, 'account' | 'params'>): void {
	if (account.scheduledSends.has(params['id']!)) return;
	throw new ApiError(404, [{ field: null, message: 'batch id not found' }]);
}

function statusFrom({ status }: Call['body']): 'pause' | 'cancel' {
	if (status === 'pause' || status === 'cancel') return status;
	throw badRequest('status', 'status must be one of: pause, cancel');
}

function badRequest(field: string, message: string): ApiError {
	return new ApiError(400, [{ field, message }]);
}
