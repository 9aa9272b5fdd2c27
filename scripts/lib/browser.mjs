/** A browser for the test of the editor: one that is there, or Debian's where that can be installed. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { installDebianPackage, isExecutable } from './debian.mjs';

/** Where browsers of the Chromium family usually are. */
const USUAL_PLACES = {
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

/** Said when there is no browser: a test that did not run must not look like one that passed. */
export const noBrowserAdvice =
	'The editor test was LEFT OUT: no Chromium, Chrome or Edge was found. Install one (on Debian ' +
	'"sudo apt-get install chromium"), or set CHROMIUM_PATH to the program of one you have.';

/**
 * @returns {Promise<string | undefined>} path of a browser's program; `undefined` when there is
 * none and none can be installed
 */
export async function ensureBrowser() {
	const found = await findBrowser();
	if (found || process.env.CHROMIUM_PATH) return found;
	const installed = await installDebianPackage('chromium', 'Chromium for the editor test');
	return installed ? await findBrowser() : undefined;
}

async function findBrowser() {
	const places = process.env.CHROMIUM_PATH
		? [process.env.CHROMIUM_PATH]
		: (USUAL_PLACES[process.platform] ?? []);
	for (const place of places) {
		// Ubuntu's /usr/bin/chromium-browser is there but only asks for another package.
		if ((await isExecutable(place)) && (await startsAtAll(place))) return place;
	}
	return undefined;
}

async function startsAtAll(browser) {
	// On Windows, asking for the version opens a window.
	if (process.platform === 'win32') return true;
	return await promisify(execFile)(browser, ['--version'], { timeout: 60_000 }).then(
		() => true,
		() => false,
	);
}
