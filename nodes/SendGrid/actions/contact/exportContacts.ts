import { NodeOperationError, type IDataObject, type IExecuteFunctions } from 'n8n-workflow';
import { CONTACTS, lookUntil } from '../../api/contacts';
import { pathOf } from '../../api/pathOf';
import { sendGridRequest } from '../../api/sendGridRequest';

interface Export {
	status: 'pending' | 'ready' | 'failure';
	urls?: string[];
	message?: string;
}

/** Milliseconds for one file to arrive. */
const DOWNLOAD_TIMEOUT = 10 * 60_000;

/**
 * All contacts, or those of some lists. SendGrid has no other way to read more than 50 of them than
 * to have a file made, which takes seconds to minutes.
 *
 * @param listIds empty for all contacts
 * @param until Unix milliseconds; when to stop waiting for the file
 * @throws NodeOperationError if there is no file by then
 */
export async function exportContacts(
	context: IExecuteFunctions,
	listIds: string[],
	until: number,
): Promise<IDataObject[]> {
	const { body } = await sendGridRequest<{ id: string }>(context, {
		method: 'POST',
		path: `${CONTACTS}/exports`,
		body: { file_type: 'json', ...(listIds.length > 0 && { list_ids: listIds }) },
		repeatAfterServerError: true,
	});
	const path = pathOf(`${CONTACTS}/exports`, body.id);
	const made = await lookUntil(
		context,
		until,
		async () =>
			(await sendGridRequest<Export & IDataObject>(context, { method: 'GET', path })).body,
		({ status }) => status !== 'pending',
	);
	if (made.status === 'pending') {
		throw new NodeOperationError(
			context.getNode(),
			'Raise "Wait at Most (Minutes)", or choose single lists: SendGrid has not made the file with the contacts in time',
		);
	}
	if (made.status === 'failure') {
		throw new NodeOperationError(
			context.getNode(),
			`Try again later: SendGrid could not make the file with the contacts${made.message ? ` (${made.message})` : ''}`,
		);
	}
	const contacts: IDataObject[] = [];
	for (const url of made.urls ?? []) {
		for (const contact of parseContacts(context, await download(context, url))) {
			contacts.push(contact);
		}
	}
	return contacts;
}

/** The URL holds its own permission; the API key must not go to the file's host. */
async function download(context: IExecuteFunctions, url: string): Promise<string> {
	const content = (await context.helpers.httpRequest({
		method: 'GET',
		url,
		encoding: 'arraybuffer',
		timeout: DOWNLOAD_TIMEOUT,
	})) as Buffer | ArrayBuffer;
	const bytes = Buffer.from(content as Buffer);
	const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
	if (!isGzip) return bytes.toString();
	const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
	return await new Response(unpacked).text();
}

/** SendGrid writes one contact on each line; a list in brackets would do, too. */
function parseContacts(context: IExecuteFunctions, text: string): IDataObject[] {
	try {
		const trimmed = text.trim();
		if (trimmed.startsWith('[')) return JSON.parse(trimmed) as IDataObject[];
		return trimmed
			.split('\n')
			.filter((line) => line.trim() !== '')
			.map((line) => JSON.parse(line) as IDataObject);
	} catch {
		throw new NodeOperationError(
			context.getNode(),
			'Try again, or export the contacts in SendGrid under Marketing > Contacts: the file with the contacts holds no JSON',
		);
	}
}
