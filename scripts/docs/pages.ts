/** The pages of docs/, and what n8n shows of outputs, made from the source: "npm run docs" writes them. */
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import { eventsPage } from './eventsPage';
import { fieldsPage } from './fieldsPage';
import { outputSchemas } from './outputSchemas';

const PROJECT = path.resolve(__dirname, '../..');

/** What makes each page, by its path from the project's folder. */
const PAGES: Readonly<Record<string, () => string>> = {
	'docs/events.md': eventsPage,
	'docs/fields.md': fieldsPage,
	...outputSchemas,
};

export const generatedPages = Object.keys(PAGES);

/** @param page one of `generatedPages` */
export async function makePage(page: string): Promise<string> {
	// Columns that are aligned would change in every row with one of them: pages stay as they are made.
	if (page.endsWith('.md')) return PAGES[page]!();
	const filepath = path.join(PROJECT, page);
	return await format(PAGES[page]!(), { ...(await resolveConfig(filepath)), filepath });
}
