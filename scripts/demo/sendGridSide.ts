import type { IDataObject } from 'n8n-workflow';
import { DEFAULT_API_KEY, SendGridEmulator } from '../../emulator';

/** One mail the demo sends, and the events that tell its story. */
export interface DemoMail {
	to: string;
	name: string;
	expects: string[];
}

/** What the demo talks to: the stand-in on this machine, or the real SendGrid. */
export interface SendGridSide {
	/** For the user, one line. */
	description: string;
	credential: IDataObject;
	from: string;
	mails: DemoMail[];
	/** How long events may take to arrive. */
	patienceMs: number;
	/** How long n8n must live on after unpublishing, for the webhook to be removed. */
	removalMs: number;
	stop(): Promise<void>;
}

/** The stand-in decides by the recipient's name what becomes of a mail. */
const STAND_IN_MAILS: DemoMail[] = [
	{ to: 'ann@example.com', name: 'Ann', expects: ['delivered', 'open', 'click'] },
	{ to: 'machine-open@example.com', name: 'Mia', expects: ['delivered', 'open'] },
	{ to: 'bounce@example.com', name: 'Bob', expects: ['bounce'] },
];

export async function startStandIn(): Promise<SendGridSide> {
	// Real SendGrid collects events for 30 seconds; one is enough to see the mail leave first.
	const standIn = await SendGridEmulator.start({ collectMs: 1000 });
	return {
		description: `a stand-in on this machine, ${standIn.url}; no mail leaves it`,
		credential: { apiKey: DEFAULT_API_KEY, region: 'custom', baseUrl: standIn.url },
		from: 'Demo <demo@example.com>',
		mails: STAND_IN_MAILS,
		patienceMs: 60_000,
		// It ends with the webhook.
		removalMs: 0,
		stop: async () => await standIn.stop(),
	};
}

/**
 * The user's SendGrid account. It sends one mail, from a verified sender to the same address.
 * @param env SENDGRID_API_KEY; SENDGRID_FROM, needed only if the account has no verified single
 * sender; SENDGRID_BASE_URL, for example that of the EU region
 * @throws when SendGrid refuses the key, or there is no address to send from
 */
export async function useAccount(env: NodeJS.ProcessEnv): Promise<SendGridSide> {
	const apiKey = env.SENDGRID_API_KEY!;
	const baseUrl = env.SENDGRID_BASE_URL ?? 'https://api.sendgrid.com';
	const from = env.SENDGRID_FROM ?? (await verifiedSender(baseUrl, apiKey));
	return {
		description: `your account at ${baseUrl}; one mail goes from ${from} to itself`,
		credential: { apiKey, region: 'custom', baseUrl },
		from,
		mails: [{ to: from, name: 'you', expects: ['delivered'] }],
		patienceMs: 5 * 60_000,
		// The trigger removes it after ten seconds.
		removalMs: 13_000,
		stop: async () => undefined,
	};
}

async function verifiedSender(baseUrl: string, apiKey: string): Promise<string> {
	const advice = 'Set SENDGRID_FROM to an address your account may send from.';
	const response = await fetch(`${baseUrl}/v3/verified_senders`, {
		headers: { authorization: `Bearer ${apiKey}` },
	});
	if (!response.ok) {
		throw new Error(
			`SendGrid answered ${response.status} when asked for the verified senders of the account: ` +
				`${await response.text()} If the API key is right, it may lack that permission. ${advice}`,
		);
	}
	const { results } = (await response.json()) as {
		results: Array<{ from_email: string; verified: boolean }>;
	};
	const sender = results.find(({ verified }) => verified);
	if (!sender) throw new Error(`The account has no verified single sender. ${advice}`);
	return sender.from_email;
}
