/** The events of a post happened within a minute or so: a few times, each many times over. */
const MAX_KEPT_TIMES = 5000;
const keptTimes = new Map<number, string>();

/**
 * What `Date.prototype.toISOString` says. That takes half as long as all else that is done for an
 * event, so its answers are kept.
 *
 * @param time milliseconds since 1970
 * @returns `undefined` beyond the range of a `Date`
 */
export function toIsoString(time: number): string | undefined {
	let text = keptTimes.get(time);
	if (text === undefined) {
		const date = new Date(time);
		if (Number.isNaN(date.getTime())) return undefined;
		text = date.toISOString();
		if (keptTimes.size >= MAX_KEPT_TIMES) keptTimes.clear();
		keptTimes.set(time, text);
	}
	return text;
}
