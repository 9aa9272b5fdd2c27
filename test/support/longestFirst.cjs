/**
 * The order in which the end-to-end tests begin: two run at a time, and what takes long is not to
 * begin last. Jest itself goes by earlier runs, which a new clone does not have. What starts an n8n
 * of five processes is far enough apart never to run at the same time.
 */
const LONGEST_FIRST = [
	'guarantees',
	'registration',
	'trigger',
	'editor',
	'sendAndWaitQueue',
	'examples',
	'sendAndWait',
	'upgrade',
	'email',
	'start',
	'deploy',
];

class LongestFirst {
	/** Files that are not named come last. */
	sort(tests) {
		const placeOf = ({ path }) => {
			const place = LONGEST_FIRST.findIndex((name) => path.endsWith(`${name}.test.ts`));
			return place < 0 ? LONGEST_FIRST.length : place;
		};
		return [...tests].sort((one, other) => placeOf(one) - placeOf(other));
	}

	/** Jest offers what it has measured. */
	cacheResults() {}
}

module.exports = LongestFirst;
