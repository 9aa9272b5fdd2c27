import { escapeHtml } from '../../../../nodes/SendGrid/actions/email/placeholders';
import { fillTemplate } from '../../../../nodes/SendGrid/actions/email/readForm';
import { aMessage, aPersonalization } from './mails';

const fill = (templateId: string, data: object) =>
	fillTemplate({
		message: aMessage({ templateId }),
		unfilled: aPersonalization(),
		data,
		dataField: 'Template Data',
	} as never);

const LEGACY = '5997fcf6-2b9f-484d-acd5-7e9a99f0dc1f';

describe('the data of a dynamic template', () => {
	it('stay as they are, nested and not escaped: SendGrid does that', () => {
		const data = { name: 'Q&A', items: [{ price: 1 }] };
		expect(fill('d-1', data)).toMatchObject({ templateData: data, substitutions: {} });
	});
});

describe('the values of a legacy template', () => {
	const substitutions = (data: object) => fill(LEGACY, data).substitutions;

	it('are escaped for HTML, which SendGrid does not do', () => {
		const name = `<b onclick="x">O'Hara & Co</b>`;
		expect(substitutions({ '-name-': name })).toEqual({
			'-name-': '&lt;b onclick=&quot;x&quot;&gt;O&#39;Hara &amp; Co&lt;/b&gt;',
		});
		expect(escapeHtml(name)).toBe(substitutions({ '-name-': name })['-name-']);
	});

	it('may be numbers and booleans', () => {
		expect(substitutions({ '%count%': 3, '%vip%': false })).toEqual({
			'%count%': '3',
			'%vip%': 'false',
		});
	});

	it.each([
		[{ name: 'Ann', surname: 'Lee' }, 'Use another name for "name": it is a part of "surname"'],
		[{ '-a-': 'x', '-b--a-': 'y' }, 'Use another name for "-a-": it is a part of "-b--a-"'],
	])('of tags of which one is part of another are refused: %j', (data, words) => {
		expect(() => substitutions(data)).toThrow(words);
	});

	it('that hold another tag are refused, since SendGrid would replace it there', () => {
		const data = { '-name-': 'Ann', '-greeting-': 'Hello -name-' };
		expect(() => substitutions(data)).toThrow(
			'Take the tag "-name-" out of the value of "-greeting-"',
		);
	});

	it('that hold another tag only once they are escaped are refused as well', () => {
		expect(() => substitutions({ amp: '1', '-firm-': 'Q&A' })).toThrow('Take the tag "amp" out');
	});

	it('that hold no tag any more once they are escaped are no trouble', () => {
		expect(substitutions({ '<name>': 'Ann', '-text-': 'Write <name>' })).toEqual({
			'<name>': 'Ann',
			'-text-': 'Write &lt;name&gt;',
		});
	});
});
