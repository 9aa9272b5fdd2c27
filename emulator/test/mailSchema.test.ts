import { validateMail } from '..';
import { Account } from '../account';

const NOW_S = 1_700_000_000;
const HOURS_72 = 72 * 3600;
const HELP = 'http://sendgrid.com/docs/API_Reference/Web_API_v3/Mail/errors.html#message';

const account = new Account('', () => NOW_S * 1000);
const template = account.addTemplate({ name: 'Welcome' });
const group = account.addGroup({ name: 'Newsletter' });
account.ipPools.push('marketing');
account.batchIds.add('batch-1');

type Json = Record<string, unknown>;
interface Mail extends Json {
	personalizations: [Json, ...Json[]];
}

/** A mail that uses every field there is. */
function fullMail(): Mail {
	return {
		personalizations: [
			{
				from: { email: 'team@example.com', name: 'Team' },
				to: [{ email: 'ann@example.com', name: 'Ann' }],
				cc: [{ email: 'bob@example.com' }],
				bcc: [{ email: 'eve@example.com' }],
				subject: 'For Ann',
				headers: { 'X-Order': '1' },
				dynamic_template_data: { order: { lines: [{ name: 'Tea', count: 2 }] } },
				custom_args: { contactId: '42' },
				send_at: NOW_S + HOURS_72,
			},
		],
		from: { email: 'sender@example.com', name: 'Sender' },
		reply_to: { email: 'reply@example.com' },
		subject: 'Hello',
		content: [
			{ type: 'text/plain', value: 'Hello' },
			{ type: 'text/html', value: '<p>Hello</p>' },
			{ type: 'text/calendar', value: 'BEGIN:VCALENDAR' },
		],
		attachments: [
			{
				content: 'SGVsbG8=',
				filename: 'hello.txt',
				type: 'text/plain',
				disposition: 'inline',
				content_id: 'hello',
			},
		],
		template_id: template.id,
		headers: { 'X-Campaign': 'spring' },
		categories: ['welcome'],
		custom_args: { source: 'n8n' },
		send_at: NOW_S - 10,
		batch_id: 'batch-1',
		asm: { group_id: group.id, groups_to_display: [group.id] },
		ip_pool_name: 'marketing',
		mail_settings: {
			bypass_bounce_management: { enable: true },
			footer: { enable: true, text: 'Bye', html: '<p>Bye</p>' },
			sandbox_mode: { enable: false },
		},
		tracking_settings: {
			click_tracking: { enable: true, enable_text: false },
			open_tracking: { enable: true, substitution_tag: '%open%' },
			subscription_tracking: { enable: false, text: 'Leave', html: 'Leave' },
			ganalytics: { enable: true, utm_source: 'mail' },
		},
	};
}

/** A mail without a template, which needs a subject and content of its own. */
function plainMail(): Mail {
	return {
		personalizations: [{ to: [{ email: 'ann@example.com' }] }],
		from: { email: 'sender@example.com' },
		subject: 'Hello',
		content: [{ type: 'text/plain', value: 'Hello' }],
	};
}

/** The field and the message of each objection. */
function objections(mail: unknown): Array<[string | null, string]> {
	return validateMail(mail, account).map(({ field, message }) => [field ?? null, message]);
}

function broken(change: (mail: Mail) => void, mail = fullMail()): Array<[string | null, string]> {
	change(mail);
	return objections(mail);
}

it('accepts a mail with every field', () => {
	expect(validateMail(fullMail(), account)).toEqual([]);
});

it('accepts a mail with nothing that is not needed', () => {
	expect(validateMail(plainMail(), account)).toEqual([]);
});

it.each([null, 'text', [], 1])('refuses a body that is no object: %j', (body) => {
	expect(validateMail(body)).toEqual([{ message: 'Bad Request', field: null, help: null }]);
});

it('reports several objections at once, each with the field and where to read about it', () => {
	const mail = plainMail();
	mail.personalizations = [{ to: [{ email: 'ann' }] }, { to: [{ email: 1 }] }];
	mail['subject'] = { no: 'text' };
	expect(validateMail(mail)).toEqual([
		{
			message: 'Does not contain a valid address.',
			field: 'personalizations.0.to.0.email',
			help: `${HELP}.personalizations.to`,
		},
		{
			message: 'Invalid type. Expected: string, given: integer.',
			field: 'personalizations.1.to.0.email',
			help: `${HELP}.personalizations.to`,
		},
		{
			message: 'Invalid type. Expected: string, given: object.',
			field: 'subject',
			help: `${HELP}.subject`,
		},
	]);
});

describe('fields that do not exist are refused', () => {
	it.each<[string, (mail: Mail) => void]>([
		['custom', (mail) => (mail['custom'] = 1)],
		['personalizations.0.custom', ({ personalizations: [p] }) => (p['custom'] = 1)],
		['from.custom', (mail) => (mail['from'] = { email: 'a@example.com', custom: 1 })],
		['content.0.custom', (mail) => Object.assign((mail['content'] as Json[])[0]!, { custom: 1 })],
		['asm.custom', (mail) => Object.assign(mail['asm'] as Json, { custom: 1 })],
		['mail_settings.custom', (mail) => (mail['mail_settings'] = { custom: {} })],
	])('%s', (field, change) => {
		expect(broken(change)).toEqual([[field, 'Additional property custom is not allowed.']]);
	});
});

describe('values of another type are refused', () => {
	it.each<[string, string, string, unknown]>([
		['personalizations', 'array', 'object', {}],
		['from', 'object', 'string', 'sender@example.com'],
		['reply_to', 'object', 'array', []],
		['reply_to_list', 'array', 'object', {}],
		['subject', 'string', 'null', null],
		['content', 'array', 'string', 'Hello'],
		['attachments', 'array', 'object', {}],
		['template_id', 'string', 'integer', 1],
		['headers', 'object', 'array', []],
		['categories', 'array', 'string', 'welcome'],
		['custom_args', 'object', 'string', '{}'],
		['send_at', 'integer', 'string', '1700000000'],
		['send_at', 'integer', 'number', 1700000000.5],
		['batch_id', 'string', 'integer', 1],
		['asm', 'object', 'integer', 1],
		['ip_pool_name', 'string', 'integer', 1],
		['mail_settings', 'object', 'array', []],
		['tracking_settings', 'object', 'boolean', true],
	])('%s: expected %s, given %s', (field, expected, given, value) => {
		expect(broken((mail) => (mail[field] = value))).toEqual([
			[field, `Invalid type. Expected: ${expected}, given: ${given}.`],
		]);
	});
});

describe('recipients', () => {
	const TO_MISSING =
		'The to array is required for all personalization objects, and must have at least one email object with a valid email address.';
	const NONE = 'The personalizations field is required and must have at least one personalization.';

	it('need at least one personalization', () => {
		expect(broken((mail) => (mail['personalizations'] = [] as never))).toEqual([
			['personalizations', NONE],
		]);
		expect(broken((mail) => Reflect.deleteProperty(mail, 'personalizations'))).toEqual([
			['personalizations', NONE],
		]);
	});

	it('need someone in to', () => {
		expect(broken(({ personalizations: [p] }) => (p['to'] = []))).toEqual([
			['personalizations.0.to', TO_MISSING],
		]);
		expect(broken(({ personalizations: [p] }) => delete p['to'])).toEqual([
			['personalizations.0.to', TO_MISSING],
		]);
	});

	it('need an address', () => {
		expect(broken(({ personalizations: [p] }) => (p['to'] = [{ name: 'Ann' }]))).toEqual([
			['personalizations.0.to.0.email', 'The to email parameter is required.'],
		]);
	});

	it.each([
		'',
		'ann',
		'ann@',
		'@example.com',
		'ann@example',
		'a nn@example.com',
		'änn@example.com',
	])('need an address that is one: "%s"', (email) => {
		expect(broken(({ personalizations: [p] }) => (p['to'] = [{ email }]))).toEqual([
			['personalizations.0.to.0.email', 'Does not contain a valid address.'],
		]);
	});

	it.each(['cc', 'bcc'])('stand once only over to, cc and bcc: %s', (field) => {
		expect(
			broken(({ personalizations: [p] }) => (p[field] = [{ email: 'ANN@example.com' }])),
		).toEqual([
			[
				'personalizations.0',
				`Each email address in the personalization block should be unique between to, cc, and bcc. We found the first duplicate instance of [ANN@example.com] in the personalizations.0.${field} field.`,
			],
		]);
	});

	const many = (count: number) =>
		Array.from({ length: count }, (_, index) => ({ email: `r${index}@example.com` }));

	it('are 1000 at most over to, cc and bcc', () => {
		const mail = (to: number) => ({
			...plainMail(),
			personalizations: [
				{ to: many(to), cc: [{ email: 'cc@example.com' }], bcc: [{ email: 'bcc@example.com' }] },
			],
		});
		expect(objections(mail(998))).toEqual([]);
		expect(objections(mail(999))).toEqual([
			[
				'personalizations',
				'There is a limit of 1000 total recipients (to + cc + bcc) per request.',
			],
		]);
	});

	it('come in 1000 personalizations at most', () => {
		const mail = { ...plainMail(), personalizations: many(1001).map((to) => ({ to: [to] })) };
		expect(objections(mail)[0]).toEqual([
			'personalizations',
			'The personalization block is limited to 1000 personalizations per API request. You have provided 1001 personalizations. Please consider splitting this into multiple requests and resending your request.',
		]);
	});
});

describe('the sender', () => {
	it('is needed', () => {
		const [[field, message] = []] = broken((mail) => delete mail['from']);
		expect(field).toBe('from');
		expect(message).toMatch(/^The from object must be provided for every email send\./);
	});

	it('has an address that is one', () => {
		expect(broken((mail) => (mail['from'] = { email: 'sender' }))).toEqual([
			['from.email', 'The from email does not contain a valid address.'],
		]);
	});

	it('names one way to reply', () => {
		expect(broken((mail) => (mail['reply_to_list'] = [{ email: 'a@example.com' }]))).toEqual([
			['reply_to_list', 'You may use either reply_to or reply_to_list, but not both.'],
		]);
	});
});

describe('subject and content', () => {
	const SUBJECT =
		'The subject is required. You can get around this requirement if you use a template with a subject defined or if every personalization has a subject defined.';

	it('are needed without a template', () => {
		const fields = broken((mail) => {
			delete mail['subject'];
			delete mail['content'];
		}, plainMail()).map(([field]) => field);
		expect(fields).toEqual(['subject', 'content']);
	});

	it('may be left to a template', () => {
		expect(
			broken((mail) => {
				delete mail['subject'];
				delete mail['content'];
			}),
		).toEqual([]);
	});

	it('lets every personalization have its own subject', () => {
		const mail = plainMail();
		delete mail['subject'];
		mail.personalizations[0]['subject'] = 'For Ann';
		expect(objections(mail)).toEqual([]);
		mail.personalizations.push({ to: [{ email: 'bob@example.com' }] });
		expect(objections(mail)).toEqual([['subject', SUBJECT]]);
	});

	it('has no empty subject', () => {
		expect(broken((mail) => (mail['subject'] = ''))).toEqual([
			['subject', 'The subject of your email must be a string at least one character in length.'],
		]);
	});

	it('has no empty content', () => {
		expect(broken((mail) => (mail['content'] = [{ type: 'text/plain', value: '' }]))).toEqual([
			['content.0.value', 'The content value must be a string at least one character in length.'],
		]);
	});

	it('has a content type', () => {
		expect(broken((mail) => (mail['content'] = [{ value: 'Hello' }]))).toEqual([
			[
				'content.0.type',
				'A content type is required, this tells email clients how to display the email.',
			],
		]);
	});

	it('has a content type in one line', () => {
		const content = [{ type: 'text/plain; charset=utf-8', value: 'Hello' }];
		expect(broken((mail) => (mail['content'] = content))).toEqual([
			['content.0.type', "Cannot contain ';', or CRLF characters."],
		]);
	});

	it.each([
		['text after HTML', ['text/html', 'text/plain']],
		['HTML after something else', ['text/calendar', 'text/html']],
	])('is in order: not %s', (_, types) => {
		const content = types.map((type) => ({ type, value: 'x' }));
		const [[field, message] = []] = broken((mail) => (mail['content'] = content));
		expect(field).toBe('content');
		expect(message).toMatch(/^Following RFC 1341, section 7\.2/);
	});

	it('has each standard type once', () => {
		const content = ['text/plain', 'text/plain'].map((type) => ({ type, value: 'x' }));
		expect(broken((mail) => (mail['content'] = content))).toEqual([
			['content', 'If present, text/plain and text/html may only be provided once.'],
		]);
	});
});

describe('attachments', () => {
	const attach = (attachment: Json) =>
		broken(
			(mail) => (mail['attachments'] = [{ content: 'SGk=', filename: 'a.txt', ...attachment }]),
		);

	it.each<[string, Json, string]>([
		['content', { content: 'nö' }, 'The attachment content must be base64 encoded.'],
		[
			'content',
			{ content: '' },
			'The attachment content must be a string at least one character in length.',
		],
		['filename', { filename: '' }, 'filename is required.'],
		[
			'filename',
			{ filename: 'a\r\nb' },
			'The filename of your attachment cannot contain CRLF characters.',
		],
		[
			'type',
			{ type: 'text/plain; charset=utf-8' },
			"The type cannot contain ';', or CRLF characters.",
		],
		[
			'disposition',
			{ disposition: 'hidden' },
			'The disposition of your attachment can be either "inline" or "attachment". You provided hidden.',
		],
		[
			'content_id',
			{ content_id: 'a\nb' },
			'The content ID of your attachment cannot contain CRLF characters.',
		],
	])('%s: %j', (field, attachment, message) => {
		expect(attach(attachment)).toEqual([[`attachments.0.${field}`, message]]);
	});
});

describe('categories', () => {
	const categorize = (categories: string[]) => broken((mail) => (mail['categories'] = categories));

	it('are ten at most', () => {
		const names = Array.from({ length: 11 }, (_, index) => `c${index}`);
		expect(categorize(names.slice(1))).toEqual([]);
		expect(categorize(names)).toEqual([
			[
				'categories',
				'There is a limit of 10 categories for each email that is sent. You provided 11 categories.',
			],
		]);
	});

	it('are different', () => {
		expect(categorize(['a', 'b', 'a'])).toEqual([
			[
				'categories',
				'The categories must be a unique list, and you have included a more than once.',
			],
		]);
	});

	it('are 255 characters long at most', () => {
		const long = 'c'.repeat(256);
		expect(categorize([long.slice(1)])).toEqual([]);
		expect(categorize([long])).toEqual([
			[
				'categories.0',
				`Each category must not be longer than 255 characters. ${long} exceeds this limit.`,
			],
		]);
	});

	it('are ASCII', () => {
		expect(categorize(['Grüße'])).toEqual([
			['categories.0', 'Categories can not contain non-ASCII characters.'],
		]);
	});
});

describe('custom arguments', () => {
	it('are text', () => {
		expect(broken((mail) => (mail['custom_args'] = { id: 42 }))).toEqual([
			['custom_args.id', 'All values of custom arguments object must be strings'],
		]);
	});

	it("are under 10,000 bytes together with the personalization's", () => {
		const bytes = Buffer.byteLength(JSON.stringify({ source: 'n8n', long: '' }));
		const withLength = (length: number) =>
			broken(({ personalizations: [p] }) => (p['custom_args'] = { long: 'x'.repeat(length) }));
		expect(withLength(9_999 - bytes)).toEqual([]);
		expect(withLength(10_000 - bytes)).toEqual([
			[
				'personalizations.0.custom_args',
				'The combined size of both global and personalization custom arguments may not exceed 10,000 bytes per personalization.',
			],
		]);
	});
});

describe('headers', () => {
	it.each([
		'x-sg-id',
		'X-SG-EID',
		'Received',
		'DKIM-Signature',
		'Content-Type',
		'Content-Transfer-Encoding',
		'To',
		'From',
		'Subject',
		'Reply-To',
		'CC',
		'BCC',
	])('of SendGrid and of the mail itself are reserved: %s', (name) => {
		const message = 'Header cannot be one of the reserved keys.';
		expect(broken((mail) => (mail['headers'] = { [name]: 'x' }))).toEqual([['headers', message]]);
		expect(broken(({ personalizations: [p] }) => (p['headers'] = { [name]: 'x' }))).toEqual([
			['personalizations.0.headers', message],
		]);
	});

	it('have text as values', () => {
		expect(broken((mail) => (mail['headers'] = { 'X-Order': 1 }))).toEqual([
			['headers.X-Order', 'All values of the headers object must be strings.'],
		]);
	});

	it.each(['X Order', 'X-Größe'])('have ASCII names without spaces: %s', (name) => {
		expect(broken((mail) => (mail['headers'] = { [name]: '1' }))).toEqual([
			['headers', 'Header keys cannot contain non-ASCII characters or empty spaces.'],
		]);
	});

	it('have different names', () => {
		expect(broken((mail) => (mail['headers'] = { 'X-A': '1', 'x-a': '2' }))).toEqual([
			['headers', 'The headers cannot contain duplicate keys.'],
		]);
	});
});

describe('schedules', () => {
	const message = 'Scheduling more than 72 hours in advance is forbidden.';

	it('reach 72 hours ahead for the whole mail', () => {
		expect(broken((mail) => (mail['send_at'] = NOW_S + HOURS_72))).toEqual([]);
		expect(broken((mail) => (mail['send_at'] = NOW_S + HOURS_72 + 1))).toEqual([
			['send_at', message],
		]);
	});

	it('reach 72 hours ahead for one personalization', () => {
		expect(broken(({ personalizations: [p] }) => (p['send_at'] = NOW_S + HOURS_72 + 1))).toEqual([
			['personalizations.0.send_at', message],
		]);
	});
});

describe('what a mail names must exist in the account', () => {
	it.each<[string, string, Json]>([
		[
			'template_id',
			'The Template ID must be a valid template id for your account. You provided d-1.',
			{ template_id: 'd-1' },
		],
		[
			'ip_pool_name',
			'The IP Pool name must be a valid pool name for your account. You provided other.',
			{ ip_pool_name: 'other' },
		],
		['batch_id', 'invalid batch id', { batch_id: 'other' }],
		[
			'asm.group_id',
			'The ASM group ID must be a valid Group ID on your account. You provided 1.',
			{ asm: { group_id: 1 } },
		],
		[
			'asm.groups_to_display',
			'All ASM groups to display must be valid ASM groups IDs on your account. You provided 1, 2.',
			{ asm: { group_id: group.id, groups_to_display: [1, group.id, 2] } },
		],
	])('%s', (field, message, change) => {
		expect(broken((mail) => Object.assign(mail, change))).toEqual([[field, message]]);
	});

	it('is not asked without an account', () => {
		const mail = { ...fullMail(), template_id: 'd-1', batch_id: 'other', send_at: 1 };
		delete mail.personalizations[0]['send_at'];
		expect(validateMail(mail)).toEqual([]);
	});
});

it('shows 25 unsubscribe groups at most', () => {
	const groups_to_display = Array.from({ length: 26 }, () => group.id);
	expect(broken((mail) => (mail['asm'] = { group_id: group.id, groups_to_display }))).toEqual([
		[
			'asm.groups_to_display',
			'There is a limit of 25 unsubscribe groups that can be displayed to a user at a time.',
		],
	]);
});

describe('substitutions', () => {
	const substitute = (count: number, mail: Mail) =>
		broken(({ personalizations: [p] }) => {
			const names = Array.from({ length: count }, (_, index) => [`-n${index}-`, 'x']);
			p['substitutions'] = Object.fromEntries(names) as Json;
		}, mail);

	it('are for mail without a dynamic template', () => {
		expect(substitute(1, fullMail())).toEqual([
			['personalizations.0.substitutions', 'Substitutions may not be used with dynamic templating'],
		]);
	});

	it('are 150 at most', () => {
		expect(substitute(150, plainMail())).toEqual([]);
		expect(substitute(151, plainMail())).toEqual([
			[
				'personalizations.0.substitutions',
				'Substitutions are limited to 150 items per personalization block.',
			],
		]);
	});
});

it('passes over all lists or over single ones, not both', () => {
	const mail_settings = {
		bypass_list_management: { enable: true },
		bypass_spam_management: { enable: true },
	};
	expect(broken((mail) => (mail['mail_settings'] = mail_settings))).toEqual([
		[
			'mail_settings.bypass_list_management',
			'bypass_list_management cannot be combined with any other bypass options.',
		],
	]);
});
