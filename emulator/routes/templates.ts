import type { Template } from '../account';
import { ApiError, commonError } from '../apiError';
import { integerOf, route } from '../router';
import type { Call, Reply, Route } from '../router';

const READ = ['templates.read'];
const MAX_PAGE_SIZE = 200;

/** Transactional templates, to list and to read. */
export const templateRoutes: readonly Route[] = [
	route('GET', '/v3/templates', READ, list),
	route('GET', '/v3/templates/:id', READ, ({ account, params }) => {
		const template = account.templates.find(({ id }) => id === params['id']);
		if (!template) throw commonError(404);
		return { status: 200, body: template };
	}),
];

/** `page_token` is opaque to the caller; here it is the position of the page's first template. */
function list({ request: { query }, account, services }: Call): Reply {
	const size = integerOf(query, 'page_size', 0);
	if (size < 1 || size > MAX_PAGE_SIZE) {
		throw new ApiError(400, [
			{ field: 'page_size', message: `page_size must be between 1 and ${MAX_PAGE_SIZE}` },
		]);
	}
	const generations = (query.get('generations') ?? 'legacy').split(',');
	const templates = account.templates.filter(({ generation }) => generations.includes(generation));
	const start = positionOf(query.get('page_token'));
	const urlAt = (position: number) => {
		const page = new URLSearchParams(query);
		page.set('page_token', tokenOf(position));
		return `${services.url}/v3/templates?${page.toString()}`;
	};
	return {
		status: 200,
		body: {
			result: templates.slice(start, start + size).map(withoutContent),
			_metadata: {
				...(start > 0 && { prev: urlAt(Math.max(0, start - size)) }),
				self: urlAt(start),
				...(start + size < templates.length && { next: urlAt(start + size) }),
				count: templates.length,
			},
		},
	};
}

/** The list shows versions without what is in them. */
function withoutContent(template: Template) {
	const versions = template.versions.map(
		({ id, template_id, active, name, subject, updated_at, generate_plain_content, editor }) => ({
			id,
			template_id,
			active,
			name,
			subject,
			updated_at,
			generate_plain_content,
			editor,
		}),
	);
	return { ...template, versions };
}

function tokenOf(position: number): string {
	return Buffer.from(`position:${position}`).toString('base64url');
}

function positionOf(token: string | null): number {
	if (token === null) return 0;
	const position = /^position:(\d+)$/.exec(Buffer.from(token, 'base64url').toString())?.[1];
	if (position === undefined) {
		throw new ApiError(400, [{ field: 'page_token', message: 'page_token is invalid' }]);
	}
	return Number(position);
}
