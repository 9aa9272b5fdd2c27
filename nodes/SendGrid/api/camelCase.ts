/**
 * An answer of SendGrid with its field names as n8n's nodes write them: `batch_id` is `batchId`, at
 * every depth. Not for parts whose names are the user's own, such as custom fields.
 */
export function inCamelCase<T>(answer: T): T {
	if (Array.isArray(answer)) return answer.map((entry: unknown) => inCamelCase(entry)) as T;
	if (typeof answer !== 'object' || answer === null) return answer;
	return Object.fromEntries(
		Object.entries(answer).map(([name, value]) => [camelCase(name), inCamelCase(value as unknown)]),
	) as T;
}

function camelCase(name: string): string {
	return name.replace(/(?<=[a-z\d])_+([a-z\d])/gi, (_, letter: string) => letter.toUpperCase());
}
