import { Account } from './account';
import type { Webhook } from './account';
import { Faults } from './faults';
import type { Fault, RequestMatch } from './faults';
import type { AcceptedMail } from './mail';
import { MailRoom } from './mailRoom';
import { EventPoster } from './posting';
import type { PostAttempt, PostOptions } from './posting';
import type { RecordedRequest } from './request';
import type { Services } from './router';
import { ROUTES } from './routes';
import { testEndpointEvents } from './sampleEvents';
import { ApiServer } from './server';
import type { ApiKey, RateLimit } from './server';
import { createSigningKey, frameTestEvents, signBody } from './signing';
import type { PostedEvent } from './signing';

/** The key that has full access when no keys are given. */
export const DEFAULT_API_KEY = 'SG.emulator.full-access';

/** How the stand-in is set up; everything has a default that suits a test. */
export interface EmulatorOptions {
	/** Default: any free port. */
	port?: number;
	/** Default `127.0.0.1`. */
	host?: string;
	/** Keys that are accepted; one without `scopes` may do everything. */
	apiKeys?: readonly ApiKey[];
	/** How many Event Webhooks each account may have. Default 5. */
	maxWebhooks?: number;
	/** How long every answer takes at least. Default 0. */
	latencyMs?: number;
	/** The clock, in Unix milliseconds. Default: the system's. */
	now?: () => number;
	/** Answers 429 beyond so many requests in a window of time. Default: no limit. */
	rateLimit?: RateLimit;
	/** Addresses, or domains such as `@example.com`, that may send. Default: all. */
	verifiedSenders?: readonly string[];
	/** What `settings/all` lists when there is no webhook: `[{}]`, as documented, or `[]`. */
	emptyWebhookList?: 'object' | 'array';
	/** Whether accepted mail leads to events. Default true. */
	mailEvents?: boolean;
	/** How long events are collected before they are posted; SendGrid takes 30 s. Default 10. */
	collectMs?: number;
	/** Waits before each repetition of a post that was not answered with 2xx. Default: under 2 s. */
	retryDelaysMs?: readonly number[];
	/** How long a post may take. Default 10 s. */
	deliveryTimeoutMs?: number;
}

/** Enough for a receiver that fails a few times, little enough for a test. */
const SHORT_RETRY_DELAYS_MS = [20, 50, 100, 200, 400, 800];

/**
 * A SendGrid on this machine: a real HTTP server with SendGrid's answers, which takes mail, posts
 * signed events about it, and can fail in the ways the real one can.
 *
 * @example
 * const sendGrid = await SendGridEmulator.start();
 * // … point an API client at sendGrid.url, with DEFAULT_API_KEY …
 * await sendGrid.idle();
 * await sendGrid.stop();
 */
export class SendGridEmulator {
	/** Every API request so far, in order of arrival. */
	readonly requests: RecordedRequest[] = [];
	/** Every attempt to deliver events so far. */
	readonly attempts: PostAttempt[] = [];

	private readonly accounts = new Map<string, Account>();
	private readonly faults = new Faults();
	private readonly mailListeners: Array<(mail: AcceptedMail) => void> = [];
	private readonly attemptListeners: Array<(attempt: PostAttempt) => void> = [];
	private readonly now: () => number;
	private readonly server: ApiServer;
	private readonly poster: EventPoster;
	private readonly mailRoom: MailRoom;
	private address = '';

	private constructor(private readonly options: EmulatorOptions) {
		this.now = options.now ?? Date.now;
		this.poster = new EventPoster({
			now: this.now,
			retryDelaysMs: options.retryDelaysMs ?? SHORT_RETRY_DELAYS_MS,
			timeoutMs: options.deliveryTimeoutMs ?? 10_000,
			onAttempt: (attempt) => {
				this.attempts.push(attempt);
				for (const listener of this.attemptListeners) listener(attempt);
			},
		});
		this.mailRoom = new MailRoom(this.account(), {
			post: (webhook, events) => void this.poster.post(targetOf(webhook), events),
			collectMs: options.collectMs ?? 10,
			mailEvents: options.mailEvents ?? true,
			onMail: (mail) => {
				for (const listener of this.mailListeners) listener(mail);
			},
		});
		this.server = new ApiServer({
			routes: ROUTES,
			services: this.services(),
			faults: this.faults,
			requests: this.requests,
			apiKeys: options.apiKeys ?? [{ key: DEFAULT_API_KEY }],
			accountFor: (name) => this.account(name),
			now: this.now,
			latencyMs: options.latencyMs ?? 0,
			rateLimit: options.rateLimit,
		});
	}

	/** Starts a stand-in; stop it when done, or the process stays alive. */
	static async start(options: EmulatorOptions = {}): Promise<SendGridEmulator> {
		const emulator = new SendGridEmulator(options);
		const { host = '127.0.0.1' } = options;
		const { port } = await emulator.server.listen(options.port ?? 0, host);
		emulator.address = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
		return emulator;
	}

	/** Breaks every connection and gives up what has not been delivered. */
	async stop(): Promise<void> {
		this.mailRoom.stop();
		await Promise.all([this.server.close(), this.poster.stop()]);
	}

	/** The base URL of the API, without a slash at the end. */
	get url(): string {
		return this.address;
	}

	/** Every mail that was accepted with 202. */
	get mails(): readonly AcceptedMail[] {
		return this.mailRoom.mails;
	}

	/** The Event Webhooks of the main account; those of subusers are in `account(name)`. */
	get webhooks(): readonly Webhook[] {
		return this.account().webhooks;
	}

	/** What SendGrid keeps for the main account, or for a subuser: to look at and to fill. */
	account(subuser = ''): Account {
		const account = this.accounts.get(subuser) ?? new Account(subuser, this.now);
		this.accounts.set(subuser, account);
		return account;
	}

	/**
	 * Adds an Event Webhook past the API, for example one that someone else set up.
	 *
	 * @param settings `signed: true` gives it a key pair; slots and unique URLs are not checked
	 */
	addWebhook(
		settings: Partial<Omit<Webhook, 'id' | 'signingKey'>> & { url: string; signed?: boolean },
		subuser = '',
	): Webhook {
		const { signed = false, ...rest } = settings;
		const webhook = this.account(subuser).addWebhook({ enabled: true, ...rest });
		if (signed) webhook.signingKey = createSigningKey();
		return webhook;
	}

	/** Makes the next requests that match fail; see `Fault` for how. */
	failNext(match: RequestMatch, fault: Fault, times = 1): void {
		this.faults.add(match, fault, times);
	}

	/**
	 * Posts events to a webhook, whatever types it asked for.
	 *
	 * @returns the last attempt of each post, once all were acknowledged or given up
	 */
	postEvents(
		webhookId: string,
		events: readonly PostedEvent[],
		options?: PostOptions,
	): Promise<PostAttempt[]> {
		return this.poster.post(targetOf(this.webhook(webhookId)), events, options);
	}

	/**
	 * Lets events happen as if mail had caused them: they enter suppression lists and statistics and
	 * go to the enabled webhooks that asked for their types.
	 */
	emit(events: readonly PostedEvent[], subuser = ''): void {
		this.mailRoom.emit(this.account(subuser), events);
	}

	/** Sends scheduled mail that is due by now; needed after moving a clock of your own. */
	releaseScheduled(): void {
		this.mailRoom.release();
	}

	/**
	 * The signature header for a body, with the webhook's present key.
	 *
	 * @param timestamp Unix seconds
	 */
	sign(webhookId: string, rawBody: Buffer | string, timestamp: number | string): string {
		return signBody(this.keyOf(webhookId), rawBody, String(timestamp));
	}

	/** The webhook's present verification key, as SendGrid shows it. */
	publicKey(webhookId: string): string {
		return this.keyOf(webhookId).publicKey;
	}

	/** Gives a webhook a new key pair, as turning signing off and on does. @returns the public key */
	rotateKey(webhookId: string): string {
		const webhook = this.webhook(webhookId);
		webhook.signingKey = createSigningKey();
		return webhook.signingKey.publicKey;
	}

	/** Calls back for every accepted mail from now on. */
	onMail(listener: (mail: AcceptedMail) => void): void {
		this.mailListeners.push(listener);
	}

	/** Calls back for every attempt to deliver events from now on. */
	onAttempt(listener: (attempt: PostAttempt) => void): void {
		this.attemptListeners.push(listener);
	}

	/** Resolves when requests were answered, and every event so far was acknowledged or given up. */
	async idle(): Promise<void> {
		await this.server.idle();
		this.mailRoom.flush();
		await this.poster.idle();
	}

	private services(): Services {
		const { maxWebhooks = 5, emptyWebhookList = 'object', verifiedSenders } = this.options;
		const baseUrl = () => this.address;
		return {
			get url() {
				return baseUrl();
			},
			maxWebhooks,
			emptyWebhookList,
			verifiedSenders,
			acceptMail: (body) => this.mailRoom.accept(body),
			releaseScheduled: () => this.mailRoom.release(),
			account: (name) => this.account(name),
			postTestEvents: (url, webhook) => {
				const target = { ...(webhook ? targetOf(webhook) : { webhookId: '' }), url };
				const events = testEndpointEvents(Math.floor(this.now() / 1000));
				// The test endpoint does not repeat for 24 hours; here it tries once.
				void this.poster.post(target, events, { frame: frameTestEvents, retryDelaysMs: [] });
			},
		};
	}

	private webhook(id: string): Webhook {
		const all = [...this.accounts.values()].flatMap(({ webhooks }) => webhooks);
		const webhook = all.find((candidate) => candidate.id === id);
		if (!webhook) throw new Error(`The stand-in has no webhook with the id '${id}'`);
		return webhook;
	}

	private keyOf(webhookId: string) {
		const { signingKey } = this.webhook(webhookId);
		if (!signingKey) throw new Error(`Signing is off for the webhook '${webhookId}'`);
		return signingKey;
	}
}

function targetOf({ id, url, signingKey }: Webhook) {
	return { webhookId: id, url, signingKey };
}
