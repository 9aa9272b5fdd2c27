import {
	NodeOperationError,
	type IDataObject,
	type IExecuteFunctions,
	type INodeProperties,
} from 'n8n-workflow';
import { readRequiredText } from '../../fields/parameters';
import type { ItemOperation } from '../operation';
import { addOnNotice } from './addOnNotice';
import { mustHaveActivity, readMessage, readMessages } from './messages';

const messageIdParameter: INodeProperties = {
	displayName: 'Message ID',
	name: 'messageId',
	type: 'string',
	required: true,
	default: '',
	placeholder: 'e.g. lQd2hPfLQ0-0YjCqGgV1gA',
	description:
		'The "messageId" that Send and the trigger put out: one result for each recipient of that mail. Or the "sgMessageId" of one recipient.',
};

export const get: ItemOperation = {
	option: {
		name: 'Get',
		value: 'get',
		action: 'Get everything that happened to a message',
		description: 'Read one message with all its events, one result for each recipient',
	},
	properties: [addOnNotice, messageIdParameter],
	async executeItem(context, itemIndex) {
		await mustHaveActivity(context);
		const messageId = readRequiredText(
			context,
			itemIndex,
			messageIdParameter,
			'Enter the "messageId" of the mail.',
		);
		const ids = await sgMessageIds(context, messageId);
		const results: IDataObject[] = [];
		for (const id of ids) {
			const message = await readMessage(context, id);
			if (message !== undefined) results.push(message);
		}
		if (results.length > 0) return results;
		throw new NodeOperationError(
			context.getNode(),
			`Check the message ID: SendGrid has no activity of the message ${messageId}`,
			{
				itemIndex,
				description: 'Activity shows some minutes after the mail, and is kept for 30 days at most.',
			},
		);
	},
};

/** Of each recipient, if the ID is that of the whole mail: then no suffix follows after a dot. */
async function sgMessageIds(context: IExecuteFunctions, messageId: string): Promise<string[]> {
	if (messageId.includes('.')) return [messageId];
	const found = await readMessages(context, { messageId }, {}, Infinity);
	return found
		.filter((message) => message.messageId === messageId)
		.map(({ sgMessageId }) => sgMessageId as string);
}
