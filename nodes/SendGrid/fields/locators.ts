import type {
	IDataObject,
	ILoadOptionsFunctions,
	INodeListSearchItems,
	INodeListSearchResult,
	INodeProperties,
	INodePropertyOptions,
} from 'n8n-workflow';
import { byLastSeenId, byPageToken, listItems } from '../api/paging';
import { sendGridRequest } from '../api/sendGridRequest';
import { formatAddress } from './addresses';
import { listEventWebhooks } from '../api/eventWebhooks';

/** The entries of a list in the editor: all that the account has, or those that fit the search. */
type ListSearch = (this: ILoadOptionsFunctions, filter?: string) => Promise<INodeListSearchResult>;

/** The two ways to name a template. */
export const TEMPLATE_MODES: Pick<INodeProperties, 'modes'> = {
	modes: [
		{
			displayName: 'From List',
			name: 'list',
			type: 'list',
			placeholder: 'Choose a template',
			typeOptions: { searchListMethod: 'searchTemplates', searchable: true },
		},
		{
			displayName: 'ID',
			name: 'id',
			type: 'string',
			placeholder: 'e.g. d-0123456789abcdef0123456789abcdef',
		},
	],
};

/** The two ways to name an unsubscribe group. */
export const UNSUBSCRIBE_GROUP_MODES: Pick<INodeProperties, 'modes'> = {
	modes: [
		{
			displayName: 'From List',
			name: 'list',
			type: 'list',
			placeholder: 'Choose an unsubscribe group',
			typeOptions: { searchListMethod: 'searchUnsubscribeGroups', searchable: true },
		},
		{ displayName: 'ID', name: 'id', type: 'string', placeholder: 'e.g. 12345' },
	],
};

/** The two ways to name a list of contacts. */
export const CONTACT_LIST_MODES: Pick<INodeProperties, 'modes'> = {
	modes: [
		{
			displayName: 'From List',
			name: 'list',
			type: 'list',
			placeholder: 'Choose a contact list',
			typeOptions: { searchListMethod: 'searchContactLists', searchable: true },
		},
		{
			displayName: 'ID',
			name: 'id',
			type: 'string',
			placeholder: 'e.g. 0f1c2d3e-4a5b-6c7d-8e9f-0123456789ab',
		},
	],
};

/** As many as SendGrid gives at once. */
const CONTACT_LISTS_PER_PAGE = 1000;
const TEMPLATES_PER_PAGE = 200;
const SENDERS_PER_PAGE = 100;

export const searchTemplates: ListSearch = async function (filter) {
	const templates = listItems<{ id: string; name: string; generation: string }>(this, {
		path: '/v3/templates',
		query: { generations: 'legacy,dynamic', page_size: TEMPLATES_PER_PAGE },
		items: (body) => (body as { result: [] }).result,
		paging: byPageToken,
	});
	const entries: INodeListSearchItems[] = [];
	for await (const { id, name, generation } of templates) {
		entries.push({ name: generation === 'legacy' ? `${name} (legacy)` : name, value: id });
	}
	return matching(entries, filter);
};

export const searchVerifiedSenders: ListSearch = async function (filter) {
	const senders = listItems<{
		id: number;
		from_email: string;
		from_name?: string;
		verified: boolean;
	}>(this, {
		path: '/v3/verified_senders',
		query: { limit: SENDERS_PER_PAGE },
		items: (body) => (body as { results: [] }).results,
		paging: byLastSeenId,
	});
	const entries: INodeListSearchItems[] = [];
	for await (const { from_email: email, from_name: name, verified } of senders) {
		const address = formatAddress({ email, name });
		if (verified) entries.push({ name: address, value: address });
	}
	return matching(entries, filter);
};

export const searchUnsubscribeGroups: ListSearch = async function (filter) {
	return matching(await unsubscribeGroups(this), filter);
};

export const searchIpPools: ListSearch = async function (filter) {
	const { body } = await sendGridRequest<Array<{ name: string }>>(this, {
		method: 'GET',
		path: '/v3/ips/pools',
	});
	return matching(
		body.map(({ name }) => ({ name, value: name })),
		filter,
	);
};

export const searchEventWebhooks: ListSearch = async function (filter) {
	const { webhooks } = await listEventWebhooks(this);
	return matching(
		webhooks.map(({ id, url, friendly_name }) => ({
			name: friendly_name ? `${friendly_name} (${url})` : url,
			value: id,
		})),
		filter,
	);
};

export const searchContactLists: ListSearch = async function (filter) {
	return matching(await contactLists(this), filter);
};

/** For a field that takes several lists of contacts. */
export async function getContactLists(
	this: ILoadOptionsFunctions,
): Promise<INodePropertyOptions[]> {
	return matching(await contactLists(this)).results;
}

async function contactLists(context: ILoadOptionsFunctions): Promise<INodeListSearchItems[]> {
	const lists = listItems<{ id: string; name: string }>(context, {
		path: '/v3/marketing/lists',
		query: { page_size: CONTACT_LISTS_PER_PAGE },
		items: (body) => (body as { result: [] }).result,
		paging: byPageToken,
	});
	const entries: INodeListSearchItems[] = [];
	for await (const { id, name } of lists) entries.push({ name, value: id });
	return entries;
}

/** For a field that takes several groups. */
export async function getUnsubscribeGroups(
	this: ILoadOptionsFunctions,
): Promise<INodePropertyOptions[]> {
	return await unsubscribeGroups(this);
}

/** SendGrid gives all groups at once; an account has 200 at most. */
async function unsubscribeGroups(
	context: ILoadOptionsFunctions,
): Promise<Array<{ name: string; value: number; description?: string }>> {
	const { body } = await sendGridRequest<IDataObject[]>(context, {
		method: 'GET',
		path: '/v3/asm/groups',
	});
	return body.map(({ id, name, description }) => ({
		name: name as string,
		value: id as number,
		description: (description as string) || undefined,
	}));
}

function matching(entries: INodeListSearchItems[], filter = ''): INodeListSearchResult {
	const wanted = filter.trim().toLowerCase();
	const fits = ({ name, value }: INodeListSearchItems) =>
		`${name} ${value}`.toLowerCase().includes(wanted);
	return {
		results: entries.filter(fits).sort((a, b) => a.name.localeCompare(b.name)),
	};
}
