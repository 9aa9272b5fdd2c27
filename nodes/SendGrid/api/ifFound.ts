import { errorStatus, sendGridErrors } from './sendGridRequest';

/**
 * Takes SendGrid's "not found" for an answer.
 *
 * @param request a call by `sendGridRequest`
 * @param notFound the statuses with which the endpoint says so
 * @returns `undefined` if SendGrid itself answered so. A 404 without SendGrid's words comes from
 * something else, such as a gateway at a mistyped base URL, and says nothing: it stays an error.
 * @throws NodeApiError like `sendGridRequest`
 */
export async function ifFound<T>(request: Promise<T>, notFound = [404]): Promise<T | undefined> {
	return await request.catch((error: unknown) => {
		const status = errorStatus(error) ?? 0;
		if (notFound.includes(status) && sendGridErrors(error).length > 0) return undefined;
		throw error;
	});
}
