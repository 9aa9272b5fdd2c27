/** The pages of docs/ that are made from the source: "npm run docs" writes them. */
import { eventsPage } from './eventsPage';
import { fieldsPage } from './fieldsPage';

/** Their content by path, from the project's folder. */
export const generatedPages: Readonly<Record<string, () => string>> = {
	'docs/events.md': eventsPage,
	'docs/fields.md': fieldsPage,
};
