import type { IExecuteFunctions } from 'n8n-workflow';
import { InvalidFieldError } from '../../fields/invalidFieldError';
import { textList } from '../../fields/values';
import type { Attachment } from './mail';

/** The parameters that name binary fields of the input item. */
export interface AttachmentFields {
	/** Names separated by commas, or a list from an expression. */
	attachments?: unknown;
	inlineImages?: { values?: Array<{ binaryPropertyName: unknown; contentId: unknown }> };
}

/**
 * Finds the files that an item's mail carries, without reading them yet.
 *
 * @throws NodeOperationError if the item has no such binary field
 * @throws InvalidFieldError if an inline image has no content id
 */
export async function readAttachments(
	context: IExecuteFunctions,
	item: number,
	{ attachments, inlineImages }: AttachmentFields,
): Promise<Attachment[]> {
	const files = textList(attachments, 'Attachments').map((field) => ({ field, contentId: '' }));
	const images = (inlineImages?.values ?? []).map(({ binaryPropertyName, contentId }) => {
		if (!contentId) {
			throw new InvalidFieldError(
				'Inline Images',
				`the image "${String(binaryPropertyName)}" has no content ID. Enter one, for example logo, and show it in the HTML by <img src="cid:logo">.`,
			);
		}
		// Some copy "cid:logo" from their HTML, or "<logo>" from a message's source.
		const id = String(contentId).replace(/^cid:|[<>\s]/g, '');
		return { field: String(binaryPropertyName), contentId: id };
	});
	return await Promise.all(
		[...files, ...images].map(async ({ field, contentId }) => ({
			...(await describeFile(context, item, field)),
			...(contentId !== '' && { contentId }),
		})),
	);
}

async function describeFile(
	context: IExecuteFunctions,
	item: number,
	field: string,
): Promise<Attachment> {
	const { helpers } = context;
	const binary = helpers.assertBinaryData(item, field);
	// With an id the file lies in n8n's storage; otherwise `data` is the file itself, in Base64.
	const size = binary.id && (await helpers.getBinaryMetadata(binary.id)).fileSize;
	const filename = binary.fileName || [field, binary.fileExtension].filter(Boolean).join('.');
	return {
		// SendGrid refuses these characters, and a type with parameters such as a charset.
		filename: filename.replace(/[;\r\n]/g, '_'),
		type: binary.mimeType.replace(/;.*$/s, '').trim(),
		source: binary.id ?? binary.data,
		base64Length: typeof size === 'number' ? Math.ceil(size / 3) * 4 : binary.data.length,
		load: async () => (await helpers.getBinaryDataBuffer(item, field)).toString('base64'),
	};
}
