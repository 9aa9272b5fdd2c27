/** Something in a mail that SendGrid would refuse, found before the call. */
export class InvalidFieldError extends Error {
	/**
	 * @param field the field's name as the form shows it
	 * @param problem what to do and, after that, what is wrong, in the user's words: a toast cuts the end
	 */
	constructor(
		readonly field: string,
		problem: string,
	) {
		super(`${field}: ${problem}`);
		this.name = 'InvalidFieldError';
	}
}
