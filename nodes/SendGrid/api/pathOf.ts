/**
 * Puts ids and addresses into the path of a call, so that they stay what they are: `a/b` is one
 * part and no two, and no part leads to a path above, as `.` and `..` do even when encoded.
 *
 * @param base starts with `/v3/`
 * @param parts what follows, each behind a slash
 * @throws Error, meant for the user, if a part is empty, `.` or `..`
 */
export function pathOf(base: string, ...parts: Array<string | number>): string {
	return [base, ...parts.map(encodePart)].join('/');
}

function encodePart(part: string | number): string {
	const text = String(part);
	if (/^\.{0,2}$/.test(text)) {
		throw new Error(`Enter another ID: "${text}" cannot be one.`);
	}
	return encodeURIComponent(text);
}
