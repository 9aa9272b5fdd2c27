import type { ActiveVersion } from './activeVersion';

/** What reading a template came to: its active version, if it has one, or that it may not be read. */
export type TemplateReading = { version: ActiveVersion | undefined } | { refusal: Error };

/** Milliseconds: who edits a template should not have to wait for it. */
const KEPT_FOR = 60_000;
/** A template has up to a megabyte. */
const MOST = 50;

/**
 * The templates that this process read within the last minute, whichever workflow it was for: a
 * workflow that runs for every order would otherwise read its template before every mail.
 */
export class RecentTemplates {
	/** In the order in which they were read. */
	private readonly readings = new Map<string, { reading: TemplateReading; until: number }>();

	/** @param now milliseconds */
	get(key: string, now: number): TemplateReading | undefined {
		const entry = this.readings.get(key);
		return entry !== undefined && now < entry.until ? entry.reading : undefined;
	}

	/** @param now milliseconds */
	set(key: string, reading: TemplateReading, now: number): void {
		this.readings.delete(key);
		this.readings.set(key, { reading, until: now + KEPT_FOR });
		for (const [oldest, { until }] of this.readings) {
			if (this.readings.size <= MOST && now < until) return;
			this.readings.delete(oldest);
		}
	}
}
