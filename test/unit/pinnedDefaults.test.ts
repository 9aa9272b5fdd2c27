import type { INodeProperties, INodePropertyCollection } from 'n8n-workflow';
import { SendGridEventsApi } from '../../credentials/SendGridEventsApi.credentials';
import { SendGridEmail } from '../../nodes/SendGrid/SendGridEmail.node';
import { SendGridEmailTrigger } from '../../nodes/SendGrid/SendGridEmailTrigger.node';
import { PINNED_DEFAULTS } from './pinnedDefaults';

/** The default of each field, by where the field is: the names of its parents, and when it shows. */
function defaultsOf(properties: INodeProperties[], parent: string): Array<[string, unknown]> {
	return properties
		.filter(({ type }) => type !== 'notice')
		.flatMap((field) => {
			const place = `${parent}.${field.name}${conditionsOf(field)}`;
			const inside = (field.options ?? []).flatMap((option) => {
				if (field.type === 'collection') return defaultsOf([option as INodeProperties], place);
				if (field.type !== 'fixedCollection') return [];
				const { name, values } = option as INodePropertyCollection;
				return defaultsOf(values, `${place}.${name}`);
			});
			return [[place, field.default] as [string, unknown], ...inside];
		});
}

/** When several fields have one name, n8n takes the default of the one that is shown. */
function conditionsOf({ displayOptions: { show = {} } = {} }: INodeProperties): string {
	const conditions = Object.entries(show).map(([name, values]) => `${name}=${String(values)}`);
	return conditions.length === 0 ? '' : ` (${conditions.join('; ')})`;
}

const defaults = [
	...defaultsOf(new SendGridEmailTrigger().description.properties, 'trigger'),
	...defaultsOf(new SendGridEmail().description.properties, 'action'),
	...defaultsOf(new SendGridEventsApi().properties, 'credential'),
];

// n8n does not save a field that has its default. A workflow that was saved without the field gets
// whatever the default is by then: with another one it would mean something else than when it was
// made. So once a version is published, a default stays, and a new field's default is what workflows
// did before there was the field. If this test fails, undo the change of the default; if the field is
// new, add it to the table.
test('the default of a field, on which saved workflows rely, is what it was', () => {
	const changed = defaults.filter(
		([place, value]) => JSON.stringify(PINNED_DEFAULTS[place]) !== JSON.stringify(value),
	);
	expect(Object.fromEntries(changed)).toEqual({});
});

test('no field has gone that saved workflows may have', () => {
	const places = new Set(defaults.map(([place]) => place));
	expect(Object.keys(PINNED_DEFAULTS).filter((place) => !places.has(place))).toEqual([]);
});

test('each field stands in the table once', () => {
	expect(new Set(defaults.map(([place]) => place)).size).toBe(defaults.length);
});

test('the default of a list is one of its options', () => {
	const lists = [
		...new SendGridEmailTrigger().description.properties,
		...new SendGridEmail().description.properties,
	].filter(({ type }) => type === 'options');
	for (const { options, default: value } of lists) {
		expect(options!.map((option) => 'value' in option && option.value)).toContain(value);
	}
});
