import {
	FIELD_TYPES,
	nameOf,
	type FormField,
} from '../../../../../nodes/SendGrid/actions/email/sendAndWait/formFields';
import { escapeHtml, page } from '../../../../../nodes/SendGrid/actions/email/sendAndWait/page';

const FIELDS: FormField[] = FIELD_TYPES.map(({ value: type, name }) => ({
	label: name,
	type,
	isRequired: type === 'text',
	choices: type === 'dropdown' ? ['S', 'L'] : [],
}));

const MARKUP = `<script>"a" & 'b'</script>`;
const ESCAPED = '&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;&lt;/script&gt;';

describe('the page that a link in the mail leads to', () => {
	it('shows what it is given as text', () => {
		expect(escapeHtml(MARKUP)).toBe(ESCAPED);
		const html = page({ title: MARKUP, text: MARKUP, button: MARKUP });
		expect(html).not.toContain(MARKUP);
		expect(html).toContain(`<h1>${ESCAPED}</h1><p>${ESCAPED}</p>`);
		expect(html).toContain(`<button type="submit">${ESCAPED}</button>`);
	});

	it('answers with a post only, to its own address', () => {
		expect(page({ button: 'Approve' })).toContain('<form method="post"><button');
	});

	it('has the fields that it is given, and no form if there is no button', () => {
		const html = page({ button: 'Send', fields: FIELDS });
		for (const [index, { label }] of FIELDS.entries()) {
			expect(html).toContain(label);
			expect(html).toContain(`name="${nameOf(index)}"`);
		}
		expect(html.match(/ required/g)).toHaveLength(1);
		expect(page({ text: 'Thank you', fields: FIELDS })).not.toContain('<form');
	});

	it('keeps what was entered', () => {
		const values = ['a', `b ${MARKUP}`, '3', 'd@example.com', '2026-11-20', 'L', 'yes'];
		const entered = Object.fromEntries(values.map((value, index) => [nameOf(index), value]));
		const html = page({ button: 'Send', fields: FIELDS, entered });
		expect(html).toContain(`>b ${ESCAPED}</textarea>`);
		for (const value of ['a', '3', 'd@example.com', '2026-11-20']) {
			expect(html).toContain(`value="${value}"`);
		}
		expect(html).toContain('value="L" selected');
		expect(html).toContain('value="yes" checked');
		expect(page({ button: 'Send', fields: FIELDS })).not.toMatch(/ checked| selected>[^<]/);
	});

	it('needs nothing from elsewhere', () => {
		expect(page({ title: 'a', text: 'b', button: 'c', fields: FIELDS })).not.toMatch(
			/src=|href=|url\(|@import/,
		);
	});
});
