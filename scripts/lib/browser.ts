import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { isExecutable } from './files';
import type { TestProgram } from './programs';

/** Where browsers of the Chromium family usually are. */
const USUAL_PLACES: Partial<Record<NodeJS.Platform, string[]>> = {
	linux: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'].map(
		(name) => `/usr/bin/${name}`,
	),
	darwin: [
		'/Applications/Chromium.app/Contents/MacOS/Chromium',
		'/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
		'/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
	],
	win32: [
		'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
		'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
	],
};

/** A browser for the test of the editor; CHROMIUM_PATH names one that is somewhere else. */
export const browser: TestProgram = {
	purpose: 'Chromium, Chrome or Edge, for the tests in the editor',
	debianPackage: 'chromium',
	find: findBrowser,
	advice:
		'on Debian "sudo apt-get install chromium", or set CHROMIUM_PATH to the program of one you have',
};

async function findBrowser(): Promise<string | undefined> {
	const places = process.env.CHROMIUM_PATH
		? [process.env.CHROMIUM_PATH]
		: (USUAL_PLACES[process.platform] ?? []);
	for (const place of places) {
		// Ubuntu's /usr/bin/chromium-browser is there but only asks for another package.
		if ((await isExecutable(place)) && (await startsAtAll(place))) return place;
	}
	return undefined;
}

async function startsAtAll(program: string): Promise<boolean> {
	// On Windows, asking for the version opens a window.
	if (process.platform === 'win32') return true;
	return await promisify(execFile)(program, ['--version'], { timeout: 60_000 }).then(
		() => true,
		() => false,
	);
}
