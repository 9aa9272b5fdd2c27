import * as fc from 'fast-check';

/** Every property runs over the same examples each time; longer searches belong to the fuzzer. */
export const PROPERTY = { seed: 20_261_120, numRuns: 200 } as const;

/** Text of any UTF-16 code units, lone surrogates among them. */
export const anyText = fc
	.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 12 })
	.map((codes) => String.fromCharCode(...codes));

/** Names that SendGrid gives a meaning, and names that every object of JavaScript inherits. */
const notableField = fc.constantFrom(
	'event',
	'email',
	'timestamp',
	'sg_event_id',
	'sg_message_id',
	'category',
	'smtp-id',
	'type',
	'status',
	'reason',
	'response',
	'attempt',
	'url',
	'url_offset',
	'pool',
	'asm_group_id',
	'send_at',
	'sg_machine_open',
	'singlesend_id',
	'sg_template_id',
	'__proto__',
	'constructor',
	'hasOwnProperty',
	'toString',
);

const notableValue = fc.constantFrom<unknown>(
	'open',
	'bounce',
	'dropped',
	'deferred',
	'account_status_change',
	'',
	null,
	0,
	-1,
	'5',
	1_513_299_569_000,
	[],
	{},
);

/**
 * The JSON text of any object. Text, because only parsing makes a field that is called `__proto__`
 * the way a post does.
 */
export const anyObjectJson = fc
	.array(
		fc.tuple(
			fc.oneof(notableField, anyText),
			fc.oneof(notableValue, anyText, fc.jsonValue({ maxDepth: 3 })),
		),
		{ maxLength: 15 },
	)
	.map(
		(fields) =>
			`{${fields.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join()}}`,
	);
