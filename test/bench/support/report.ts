/** One line of the table: what was measured, and beside what. */
export interface Figure {
	what: string;
	ours: number;
	unit: string;
	/** What users have otherwise, or what nobody can do without, measured in the same run. */
	rival?: { name: string; value: number };
	/** How often ours goes into the rival's or the other way round, whichever reads better. */
	ratio?: { value: number; bar?: Bar };
	/** A bar for `ours` itself. */
	bar?: Bar;
}

export interface Bar {
	atLeast?: number;
	atMost?: number;
}

export interface Suite {
	title: string;
	/** What a reader has to know to take the measurement again. */
	how: string;
	figures: Figure[];
}

export function isMet(value: number, { atLeast = -Infinity, atMost = Infinity }: Bar): boolean {
	return value >= atLeast && value <= atMost;
}

/** The suite as a Markdown table. */
export function toMarkdown({ title, how, figures }: Suite): string {
	const head = ['', 'ours', 'beside', '', 'ratio', 'bar'];
	const rows = figures.map(({ what, ours, unit, rival, ratio, bar }) => [
		what,
		`${round(ours)} ${unit}`,
		rival?.name ?? '',
		rival ? `${round(rival.value)} ${unit}` : '',
		ratio ? round(ratio.value) : '',
		[verdict(ours, bar), verdict(ratio?.value, ratio?.bar)].join(''),
	]);
	const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
	return [`### ${title}`, '', how, '', ...lines, ''].join('\n');
}

function verdict(value: number | undefined, bar: Bar | undefined): string {
	if (value === undefined || bar === undefined) return '';
	const wanted = bar.atLeast === undefined ? `≤ ${bar.atMost}` : `≥ ${bar.atLeast}`;
	return `${wanted} ${isMet(value, bar) ? 'met' : 'MISSED'}`;
}

/** Three digits say enough. */
function round(value: number): string {
	return value >= 100 ? Math.round(value).toString() : Number(value.toPrecision(3)).toString();
}
