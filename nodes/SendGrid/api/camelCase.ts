/** What is inside of these has names of the user's own, which stay as they are. */
const NAMED_BY_USERS = ['custom_fields', 'unique_args'];

/**
 * An answer of SendGrid with its field names as n8n's nodes write them: `batch_id` is `batchId`, at
 * every depth, except inside of what users named themselves.
 */
export function inCamelCase<T>(answer: T): T {
	if (Array.isArray(answer)) return answer.map((entry: unknown) => inCamelCase(entry)) as T;
	if (typeof answer !== 'object' || answer === null) return answer;
	return Object.fromEntries(
		Object.entries(answer).map(([name, value]) => [
			camelCase(name),
			NAMED_BY_USERS.includes(name) ? (value as unknown) : inCamelCase(value as unknown),
		]),
	) as T;
}

/** One name: `first_name` is `firstName`. */
export function camelCase(name: string): string {
	return name.replace(/(?<=[a-z\d])_+([a-z\d])/gi, (_, letter: string) => letter.toUpperCase());
}
