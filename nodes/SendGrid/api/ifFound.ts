import { errorStatus, sendGridErrors } from './sendGridRequest';

/**
 * Takes SendGrid's "not found" for an answer.
 *
 * @param request a call by `sendGridRequest`
 * @returns `undefined` if SendGrid itself answered 404. A 404 without SendGrid's words comes from
 * something else, such as a gateway at a mistyped base URL, and says nothing: it stays an error.
 * @throws NodeApiError like `sendGridRequest`
 */
export async function ifFound<T>(request: Promise<T>): Promise<T | undefined> {
	return await request.catch((error: unknown) => {
		if (errorStatus(error) === 404 && sendGridErrors(error).length > 0) return undefined;
		throw error;
	});
}
