import { allForms, type FormField } from '../../support/formFields';

/**
 * The name of a tool's argument, as n8n's editor makes it when a field is left to the model (seen in
 * n8n 2.41): the rows on the way, then the label, with everything but letters and digits replaced.
 */
function argumentName({ path, field }: FormField): string {
	const rows = path
		.split('.')
		.filter((part) => /\[\d+\]/.test(part))
		.map((part) => part.replaceAll(/[[\]]/g, ''));
	const name = [...rows, field.displayName].join('_');
	const cut = rows.length > 1 ? name.slice(-63) : name.slice(0, 63);
	return cut.replaceAll(/[^a-zA-Z0-9-]/g, '_');
}

/** Rows are named by their place in the form alone, so that each column needs a label of its own. */
it.each(
	allForms().map(({ chosen, fields }) => [Object.values(chosen).join(', '), fields] as const),
)('as a tool, every field has an argument of its own: %s', (_, fields) => {
	const names = fields.map(argumentName);
	const twice = names.filter((name, index) => names.indexOf(name) < index);
	expect(twice).toEqual([]);
	for (const name of names) expect(name).toMatch(/^[a-zA-Z0-9_-]{1,63}$/);
});
