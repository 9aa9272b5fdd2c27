import type { IDataObject } from 'n8n-workflow';
import { nameOf, type FormField } from './formFields';

/** What the recipient sees; all of it is plain text. */
export interface PageContent {
	title?: string;
	text?: string;
	/** The words of the button that answers. */
	button?: string;
	/** What there is to fill in. */
	fields?: FormField[];
	/** What was filled in before, by the names of `nameOf`. */
	entered?: IDataObject;
}

const STYLE = `
body { margin: 0; padding: 10vh 1.5rem; background: #f4f5f7; color: #1f2430; font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 32rem; margin: 0 auto; padding: 2rem; background: #fff; border-radius: .75rem; }
h1 { margin: 0 0 1rem; font-size: 1.25rem; overflow-wrap: anywhere; }
label { display: block; margin-top: 1rem; }
input, select, textarea { box-sizing: border-box; display: block; width: 100%; padding: .75rem; font: inherit; color: inherit; background: transparent; border: 1px solid #8b94a5; border-radius: .5rem; }
input[type=checkbox] { display: inline-block; width: auto; margin-right: .5rem; }
option { color: #1f2430; }
textarea { min-height: 8rem; }
button { margin-top: 1.5rem; padding: .75rem 1.5rem; font: inherit; color: #fff; background: #1a56c4; border: 0; border-radius: .5rem; cursor: pointer; }
@media (prefers-color-scheme: dark) {
	body { background: #14171d; color: #e6e9ef; }
	main { background: #1f242d; }
}`;

/** A page that needs nothing from elsewhere, readable on a telephone and by a screen reader. */
export function page(content: PageContent): string {
	const { title = '', text = '', button, fields = [], entered = {} } = content;
	const inputs = fields.map((field, index) => {
		const value = entered[nameOf(index)];
		return inputOf(field, nameOf(index), typeof value === 'string' ? value : '');
	});
	const form =
		button === undefined
			? ''
			: `<form method="post">${inputs.join('\n')}<button type="submit">${escapeHtml(button)}</button></form>`;
	return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body><main><h1>${escapeHtml(title)}</h1>${text === '' ? '' : `<p>${escapeHtml(text)}</p>`}${form}</main></body>
</html>
`;
}

function inputOf({ label, type, isRequired, choices }: FormField, name: string, value: string) {
	const attributes = `name="${name}"${isRequired ? ' required' : ''}`;
	const words = escapeHtml(label) + (isRequired ? ' *' : '');
	switch (type) {
		case 'checkbox':
			return `<label><input type="checkbox" ${attributes} value="yes"${value === '' ? '' : ' checked'}>${words}</label>`;
		case 'textarea':
			return `<label>${words}<textarea ${attributes}>${escapeHtml(value)}</textarea></label>`;
		case 'dropdown': {
			const options = ['', ...choices].map((choice) => {
				const text = escapeHtml(choice);
				return `<option value="${text}"${choice === value ? ' selected' : ''}>${text}</option>`;
			});
			return `<label>${words}<select ${attributes}>${options.join('')}</select></label>`;
		}
		default: {
			const step = type === 'number' ? ' step="any"' : '';
			return `<label>${words}<input type="${type}"${step} ${attributes} value="${escapeHtml(value)}"></label>`;
		}
	}
}

const ENTITIES: Record<string, string> = {
	'&': '&amp;',
	'<': '&lt;',
	'>': '&gt;',
	'"': '&quot;',
	"'": '&#39;',
};

export function escapeHtml(text: string): string {
	return text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}
