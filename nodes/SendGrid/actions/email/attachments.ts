import type { IExecuteFunctions } from 'n8n-workflow';
import { InvalidFieldError } from '../../fields/invalidFieldError';
import { checkVisible } from '../../fields/invisible';
import { fieldRows, textList, textValue } from '../../fields/values';
import type { Attachment } from './mail';

const INLINE_IMAGES = 'Inline Images';

/** The parameters that name binary fields of the input item. */
export interface AttachmentFields {
	/** Names separated by commas, or a list from an expression. */
	attachments?: unknown;
	/** Rows with a binary field's name and a content id. */
	inlineImages?: unknown;
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
	const images = fieldRows(inlineImages, INLINE_IMAGES).map((row) => {
		const field = textValue(row.binaryPropertyName, INLINE_IMAGES).trim();
		// Some copy "cid:logo" from their HTML, or "<logo>" from a message's source.
		const contentId = textValue(row.contentId, INLINE_IMAGES).replace(/^cid:|[<>\s]/g, '');
		if (contentId === '' || field === '') {
			throw new InvalidFieldError(
				INLINE_IMAGES,
				`Enter the binary field and the content ID of each image, for example logo, and show it in the HTML by src="cid:logo". The image "${field}" lacks one.`,
			);
		}
		checkVisible(contentId, INLINE_IMAGES, 'content ID');
		return { field, contentId };
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
		// SendGrid refuses these characters.
		filename: filename.replace(/[;\r\n]/g, '_'),
		type: withoutCharset(binary.mimeType),
		source: binary.id ?? binary.data,
		base64Length: typeof size === 'number' ? Math.ceil(size / 3) * 4 : binary.data.length,
		load: async () => (await helpers.getBinaryDataBuffer(item, field)).toString('base64'),
	};
}

/**
 * SendGrid takes parameters such as `method=REQUEST`, which makes an invitation of a calendar file,
 * but refuses a charset: it says itself in which one it sends.
 *
 * @see https://github.com/sendgrid/sendgrid-nodejs/issues/1313
 */
function withoutCharset(mimeType: string): string {
	const [type = '', ...parameters] = mimeType.split(';').map((part) => part.trim());
	const kept = parameters.filter((part) => part !== '' && !/^charset\s*=/i.test(part));
	return [type, ...kept].join('; ');
}
