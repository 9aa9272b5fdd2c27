import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, selectors, type BrowserContext, type Locator, type Page } from 'playwright-core';
import { defaultOwner } from '../../../scripts/n8n/N8nClient';

/**
 * Pictures for the documentation are written only when this names a folder:
 *
 *   EDITOR_PICTURES=docs/images npm run test:e2e -- test/e2e/editor.test.ts
 */
export const PICTURES = process.env.EDITOR_PICTURES;

/** Where to look when a step failed. */
const FAILURE_PICTURE = path.join('.cache', 'editor-failure.png');

export const BROWSER_ARGUMENTS = [
	'--no-sandbox',
	'--disable-gpu',
	'--disable-quic',
	'--no-first-run',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync',
];

/** Which editor it is, and what is wanted of it. */
interface EditorOptions {
	/** The release of n8n. */
	version: string;
	/** Whether `picture` may take pictures; the documentation shows one release only. */
	takesPictures?: boolean;
}

/** n8n's editor in a browser, as a user works with it, in n8n 1.123 and 2.41. */
export class Editor {
	private hasFailed = false;

	private constructor(
		private readonly context: BrowserContext,
		private readonly profile: string,
		readonly page: Page,
		private readonly url: string,
		private readonly options: EditorOptions,
	) {}

	/** Opens a browser with an empty profile and logs in as the owner. */
	static async open(browser: string, n8nUrl: string, options: EditorOptions): Promise<Editor> {
		const owner = defaultOwner;
		const profile = await mkdtemp(path.join(tmpdir(), 'editor-'));
		const context = await chromium.launchPersistentContext(profile, {
			executablePath: browser,
			args: BROWSER_ARGUMENTS,
			viewport: { width: 1280, height: 800 },
			colorScheme: 'light',
			locale: 'en-US',
			timezoneId: 'UTC',
		});
		context.setDefaultTimeout(60_000);
		selectors.setTestIdAttribute('data-test-id');
		const page = context.pages()[0] ?? (await context.newPage());
		// n8n 1 asks before one leaves what is not saved.
		page.on('dialog', (dialog) => void dialog.accept());
		const editor = new Editor(context, profile, page, n8nUrl, options);
		await page.goto(`${n8nUrl}/signin`);
		await page.locator('input[type=email]').fill(owner.email);
		await page.locator('input[type=password]').fill(owner.password);
		await page.getByRole('button', { name: 'Sign in' }).click();
		await page.waitForURL((url) => !url.pathname.includes('signin'));
		return editor;
	}

	async close(): Promise<void> {
		await this.context.close();
		await rm(this.profile, { recursive: true, force: true, maxRetries: 5 });
	}

	/** Does one step of a walk; if it fails, a picture of the editor is kept, and the walk ends. */
	async step(work: () => Promise<void>): Promise<void> {
		if (this.hasFailed) throw new Error('A step before has failed');
		try {
			await work();
		} catch (error) {
			this.hasFailed = true;
			await mkdir(path.dirname(FAILURE_PICTURE), { recursive: true });
			await this.page.screenshot({ path: FAILURE_PICTURE });
			throw new Error(`What the editor showed is in ${FAILURE_PICTURE}`, { cause: error });
		}
	}

	/** Takes a picture for the documentation, if such are wanted. */
	async picture(name: string): Promise<void> {
		if (!PICTURES || !this.options.takesPictures) return;
		// Nothing that only passes by: messages in a corner, what the mouse points at.
		await this.page.mouse.move(640, 795);
		for (const message of await this.page.locator('.el-notification__closeBtn').all()) {
			await message.click();
		}
		await this.page.locator('.el-notification').first().waitFor({ state: 'hidden' });
		await mkdir(PICTURES, { recursive: true });
		await this.page.screenshot({
			path: path.join(PICTURES, `${name}.png`),
			animations: 'disabled',
			caret: 'hide',
		});
	}

	/** n8n 1 saves when one says so, and activates instead of publishing. */
	private get isOne(): boolean {
		return this.options.version.startsWith('1.');
	}

	part(testId: string, within: Page | Locator = this.page): Locator {
		return within.getByTestId(testId);
	}

	async newWorkflow(): Promise<void> {
		await this.page.goto(`${this.url}/workflow/new`);
		await this.part('node-creator-plus-button').waitFor();
	}

	/** Makes a new workflow from a file, as with "Import from File", and saves it. */
	async importFile(file: string): Promise<void> {
		await this.newWorkflow();
		await this.part('workflow-import-input').setInputFiles(file);
		await this.part('canvas-node').first().waitFor();
		await this.page.keyboard.press('Control+s');
		await this.page.waitForURL(
			(url) => !url.pathname.endsWith('/new') && !url.search.includes('new=true'),
		);
	}

	async openWorkflow(id: string): Promise<void> {
		await this.page.goto(`${this.url}/workflow/${id}`);
		await this.part('canvas-node').first().waitFor();
		await this.part('zoom-to-fit').click();
	}

	/** Opens a node of the workflow that is shown. */
	async openShownNode(name: string): Promise<void> {
		await this.page.locator(nodeOnCanvas(name)).dblclick();
		await this.part('ndv').waitFor();
	}

	/** Opens a node of a saved workflow. */
	async openNode(workflowId: string, nodeId: string): Promise<void> {
		await this.page.goto(`${this.url}/workflow/${workflowId}/${nodeId}`);
		await this.part('ndv').waitFor();
	}

	/** Opens the list of nodes for a first or a further node. */
	async openNodeList(): Promise<void> {
		await this.part('node-creator-plus-button').click();
	}

	/** Opens the list of nodes for a node that follows one of a node's outputs. */
	async openNodeListAfter(output: number): Promise<void> {
		const handle = this.page.locator(`[data-handleid="outputs/main/${output}"]`);
		await this.part('canvas-handle-plus', handle).click();
	}

	/** Opens the list of what can stand between an agent and a tool of it. */
	async openReviewList(): Promise<void> {
		// Its buttons show only while the mouse is over it; it goes through the middle of its box.
		const wire = this.page.locator('.vue-flow__edge[data-id*="ai_tool"] path').first();
		await wire.hover({ force: true });
		await this.part('add-connection-button').click();
		await this.page.getByText('Human review', { exact: true }).waitFor();
	}

	/** Types into the search of the list of nodes. */
	async searchNodes(text: string): Promise<void> {
		// First a word without a match, so that nobody takes what was found before for an answer.
		await this.part('node-creator-search-bar').fill('no such node');
		await this.part('node-creator-no-results').waitFor();
		await this.part('node-creator-search-bar').fill(text);
	}

	/** A node type in the list of nodes. */
	listedNode(type: string): Locator {
		return this.page.locator(`[data-keyboard-nav-id^="${type}"]`);
	}

	/** Chooses one of the triggers or actions that a node in the list offers. */
	async chooseAction(name: string): Promise<void> {
		await this.page.getByText(name, { exact: true }).click();
		await this.part('ndv').waitFor();
	}

	/** Opens the dialog for a first credential from the opened node. */
	async openNewCredential(): Promise<void> {
		if (this.isOne) {
			await this.part('node-credentials-select').click();
			await this.part('node-credentials-select-item-new').click();
		} else {
			await this.page.getByRole('button', { name: /^Connect to / }).click();
		}
		await this.credentialDialog.waitFor();
	}

	get credentialDialog(): Locator {
		return this.part('editCredential-modal');
	}

	/** Saves the credential; n8n 2 then closes the dialog if its test has passed. */
	async saveCredential(): Promise<void> {
		await this.part('credential-save-button').click();
	}

	/** Waits until the credential is saved and its test has passed. */
	async credentialIsGood(): Promise<void> {
		if (this.isOne) {
			await this.credentialDialog.getByText('Connection tested successfully').waitFor();
			await this.page.keyboard.press('Escape');
		}
		await this.credentialDialog.waitFor({ state: 'hidden' });
	}

	/** A parameter in the opened node or credential. */
	parameter(name: string): Locator {
		return this.part(`parameter-input-${name}`).last();
	}

	/** What the form of the opened node shows: labels, hints, notices, and what is filled in. */
	async formText(): Promise<string> {
		const form = this.part('node-parameters');
		const fields = form.locator('input, textarea');
		const values = await fields.evaluateAll((elements) =>
			elements.map((element) => (element as unknown as { value: string }).value),
		);
		return [await form.innerText(), ...values].join('\n');
	}

	/** Chooses from a parameter's list. */
	async choose(parameter: string, ...options: string[]): Promise<void> {
		await this.parameter(parameter).click();
		for (const option of options) {
			await this.page.getByRole('option', { name: new RegExp(`^\\s*${option}`) }).click();
		}
		// A list of which one may choose several stays open.
		if (options.length > 1) await this.page.keyboard.press('Escape');
	}

	async fill(parameter: string, text: string): Promise<void> {
		await this.parameter(parameter).locator('input, textarea').last().fill(text);
	}

	/** Makes an empty field an expression, and waits until the editor shows its result below. */
	async fillExpression(parameter: string, template: string, result: string): Promise<void> {
		// The equals sign is how users of the keyboard switch.
		await this.fill(parameter, '=');
		await this.parameter(parameter).locator('.cm-content').waitFor();
		await this.page.keyboard.insertText(template);
		await this.part('ndv').getByText(result, { exact: true }).first().waitFor();
	}

	async executeStep(): Promise<void> {
		await this.part('node-execute-button').click();
	}

	async executeWorkflow(): Promise<void> {
		await this.part('execute-workflow-button').first().click();
	}

	/** What the opened node has put out. */
	get output(): Locator {
		return this.part('output-panel');
	}

	async closeNode(): Promise<void> {
		await this.part(this.isOne ? 'back-to-canvas' : 'ndv-close-button').click();
		await this.part('ndv').waitFor({ state: 'hidden' });
	}

	/** Goes to the end of so many items in the table of an output. */
	async openLastPage(output: Locator, items: number): Promise<void> {
		const itemsOnPage = 25;
		const lastPage = this.isOne
			? output.locator('.el-pager li').last()
			: output.getByText(String(items / itemsOnPage), { exact: true });
		await lastPage.click();
	}

	/** Repeats an expectation until it holds: n8n saves by itself, some time after a change. */
	async eventually(expectation: () => Promise<void>): Promise<void> {
		for (const deadline = Date.now() + 20_000; ; await this.page.waitForTimeout(200)) {
			try {
				return await expectation();
			} catch (error) {
				if (Date.now() > deadline) throw error;
			}
		}
	}

	async publish(): Promise<void> {
		if (this.isOne) {
			await this.part('workflow-save-button').click();
			await this.part('workflow-activate-switch').click();
			await this.page.getByRole('button', { name: 'Got it' }).click();
			return;
		}
		await this.part('workflow-open-publish-modal-button').click();
		await this.part('workflow-publish-button').click();
		await this.page.getByRole('button', { name: 'Got it' }).click();
	}

	async openExecutions(): Promise<void> {
		// n8n 1 lays a list of advice over the button after the first activation.
		if (this.isOne) await this.page.keyboard.press('Escape');
		await this.part('radio-button-executions').click();
	}

	/** Opens a node of an execution, and in it the table of what the node has put out. */
	async openExecutedNode(workflowId: string, executionId: string, node: string): Promise<Locator> {
		await this.page.goto(`${this.url}/workflow/${workflowId}/executions/${executionId}`);
		// n8n 1 shows the execution in a frame.
		const shown = this.isOne
			? this.page.frameLocator('[data-test-id="workflow-preview-iframe"]')
			: this.page;
		await shown.locator(nodeOnCanvas(node)).dblclick();
		const output = shown.getByTestId('output-panel');
		await output.getByText('Table', { exact: true }).click();
		await output.locator('table').waitFor();
		return output;
	}
}

function nodeOnCanvas(name: string): string {
	return `[data-test-id="canvas-node"][data-node-name="${name}"]`;
}
