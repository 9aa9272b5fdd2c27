/** Something in a mail that SendGrid would refuse, found before the call. */
export class InvalidFieldError extends Error {
	/**
	 * @param field the field's name as the form shows it
	 * @param problem what is wrong and what to do, in the user's words
	 */
	constructor(
		readonly field: string,
		problem: string,
	) {
		super(`${field}: ${problem}`);
		this.name = 'InvalidFieldError';
	}
}
