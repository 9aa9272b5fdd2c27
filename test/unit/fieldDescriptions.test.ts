import type { INodeProperties, INodePropertyCollection, INodePropertyOptions } from 'n8n-workflow';
import { SendGridEventsApi } from '../../credentials/SendGridEventsApi.credentials';
import { SendGridEmail } from '../../nodes/SendGrid/SendGridEmail.node';
import { SendGridEmailTrigger } from '../../nodes/SendGrid/SendGridEmailTrigger.node';

/** A field with the names of the fields it is inside of. */
interface PlacedField {
	place: string;
	field: INodeProperties;
}

function placed(properties: INodeProperties[], parent: string): PlacedField[] {
	return properties.flatMap((field) => {
		const place = `${parent} > ${field.displayName}`;
		const below = (field.options ?? []).flatMap((option) => {
			if (field.type === 'collection') return placed([option as INodeProperties], place);
			if (field.type !== 'fixedCollection') return [];
			return placed((option as INodePropertyCollection).values, place);
		});
		return [{ place, field }, ...below];
	});
}

const allFields = [
	...placed(new SendGridEmailTrigger().description.properties, 'SendGrid Email Trigger'),
	...placed(new SendGridEmail().description.properties, 'SendGrid Email'),
	...placed(new SendGridEventsApi().properties, 'Credential'),
];
const [notices, fields] = [true, false].map((isNotice) =>
	allFields.filter(({ field }) => (field.type === 'notice') === isNotice),
) as [PlacedField[], PlacedField[]];

const placesWhere = (isWrong: (field: INodeProperties) => boolean) =>
	fields.filter(({ field }) => isWrong(field)).map(({ place }) => place);

/** n8n's lists cut off what is longer. */
const SHOWN_CHARACTERS = 90;

describe('the fields in the editor', () => {
	it('each say what they are', () => {
		// These explain themselves by what they hold.
		const obvious = ['resource', 'operation', 'options', 'additionalFields'];
		const isSilent = ({ name, description }: INodeProperties) =>
			!description && !obvious.includes(name);
		expect(placesWhere(isSilent)).toEqual([]);
	});

	it('each show an example where one types', () => {
		const isTyped = ({ type }: INodeProperties) =>
			['string', 'json', 'number', 'dateTime', 'resourceLocator'].includes(type);
		const hasExample = ({ placeholder, description, modes = [] }: INodeProperties) =>
			placeholder !== undefined ||
			modes.some((mode) => mode.placeholder?.startsWith('e.g.')) ||
			/for example|such as/.test(description ?? '');
		// n8n prescribes its name and words.
		const isLimit = ({ name }: INodeProperties) => name === 'limit';
		expect(placesWhere((field) => isTyped(field) && !hasExample(field) && !isLimit(field))).toEqual(
			[],
		);
	});

	it('each say of an option no more than a list shows', () => {
		const clipped = fields
			.filter(({ field }) => ['options', 'multiOptions'].includes(field.type))
			// Of an operation the editor lists its action, not its description.
			.filter(({ field }) => field.name !== 'operation')
			.flatMap(({ place, field }) =>
				((field.options ?? []) as INodePropertyOptions[])
					.filter(({ description }) => textOf(description).length > SHOWN_CHARACTERS)
					.map(({ name }) => `${place}: ${name}`),
			);
		expect(clipped).toEqual([]);
	});

	it('have no notice with tags that n8n leaves out', () => {
		const tags = notices.flatMap(({ field }) => field.displayName.match(/<\w+/g) ?? []);
		expect(tags.filter((tag) => !['<a', '<ul', '<li'].includes(tag))).toEqual([]);
	});

	it('each explain what there is to choose', () => {
		const hasSilentOption = ({ type, options = [] }: INodeProperties) =>
			['options', 'multiOptions'].includes(type) &&
			(options as INodePropertyOptions[]).some(({ description }) => !description);
		expect(placesWhere(hasSilentOption)).toEqual([]);
	});
});

/** Without its tags, as it is shown. */
function textOf(description = ''): string {
	return description.replace(/<[^>]*>/g, '');
}
