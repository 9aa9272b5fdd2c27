import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';
import { ifFound } from '../../api/ifFound';
import { pathOf } from '../../api/pathOf';
import { sendGridRequest } from '../../api/sendGridRequest';
import type { ItemOperation } from '../operation';
import { SUPPRESSION_LISTS, toEntry, unreadableList, type SuppressionList } from './lists';
import { emailOf, emailParameter } from './parameters';

/** Looks one address up in every list at once. */
export const check: ItemOperation = {
	option: {
		name: 'Check',
		value: 'check',
		action: 'Check an address against every suppression list',
		description:
			'Look up an address in every list: is it suppressed, why, and is all mail stopped?',
	},
	properties: [emailParameter],
	async executeItem(context, itemIndex) {
		const email = emailOf(context, itemIndex);
		// Waits for all of them, so that none is still under way when the node has failed.
		const lookUps = await Promise.allSettled(
			SUPPRESSION_LISTS.map(async (list) => await reasonsOf(context, list, email)),
		);
		const reasons = lookUps.flatMap((lookUp) => {
			if (lookUp.status === 'rejected') throw lookUp.reason;
			return lookUp.value;
		});
		return {
			email,
			suppressed: reasons.length > 0,
			allMailStopped: reasons.some(({ stops }) => stops === 'allMail'),
			reasons,
		};
	},
};

/** Fails rather than to pass over a list: "not suppressed" may lead to mail to who asked for none. */
async function reasonsOf(
	context: IExecuteFunctions,
	list: SuppressionList,
	email: string,
): Promise<IDataObject[]> {
	const path = pathOf(list.addressPath, email);
	const response = await ifFound(sendGridRequest<unknown>(context, { method: 'GET', path }));
	const entries = response === undefined ? [] : list.entriesOf(response.body);
	if (entries === undefined) throw unreadableList(context, list, path);
	return entries.map((entry) => ({ ...toEntry(list, entry), stops: list.stops }));
}
