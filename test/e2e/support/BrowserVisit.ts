import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, type BrowserContext, type Page } from 'playwright-core';
import { BROWSER_ARGUMENTS, PICTURES } from './Editor';

/** A visitor of a web page, with a password for it. */
export class BrowserVisit {
	/** Every host that the page asked for something. */
	readonly hosts = new Set<string>();

	private constructor(
		private readonly context: BrowserContext,
		private readonly profile: string,
		readonly page: Page,
	) {
		page.on('request', (request) => this.hosts.add(new URL(request.url()).host));
	}

	static async open(
		browser: string,
		httpCredentials: { username: string; password: string },
	): Promise<BrowserVisit> {
		const profile = await mkdtemp(path.join(tmpdir(), 'visit-'));
		const context = await chromium.launchPersistentContext(profile, {
			executablePath: browser,
			args: BROWSER_ARGUMENTS,
			viewport: { width: 1000, height: 1250 },
			colorScheme: 'light',
			locale: 'en-US',
			timezoneId: 'UTC',
			httpCredentials,
		});
		context.setDefaultTimeout(30_000);
		return new BrowserVisit(context, profile, context.pages()[0] ?? (await context.newPage()));
	}

	/** From now on the window is a phone's, and dark. */
	async onPhone(): Promise<void> {
		await this.page.setViewportSize({ width: 390, height: 844 });
		await this.page.emulateMedia({ colorScheme: 'dark' });
	}

	/** Takes a picture for the documentation, if such are wanted. */
	async picture(name: string): Promise<void> {
		if (!PICTURES) return;
		await mkdir(PICTURES, { recursive: true });
		await this.page.screenshot({ path: path.join(PICTURES, `${name}.png`) });
	}

	async close(): Promise<void> {
		await this.context.close();
		await rm(this.profile, { recursive: true, force: true, maxRetries: 5 });
	}
}
