import { DurableLedger } from '../../../nodes/SendGrid/trigger/durableLedger';
import { DedupeRow, type DedupeConnection } from '../../support/dedupeRow';

interface Process {
	ledger: DurableLedger;
	connection: DedupeConnection;
	errors: Error[];
}

/** A process of n8n that works with the row; several of them, or one after the other. */
function startProcess(row: DedupeRow): Process {
	const errors: Error[] = [];
	const ledger = new DurableLedger((error) => errors.push(error));
	const connection = row.connect();
	ledger.connect(connection);
	return { ledger, connection, errors };
}

const listed = (keys: ReadonlySet<string>) => [...keys];

describe('record', () => {
	it('remembers keys and tells which were remembered before', async () => {
		const { ledger } = startProcess(new DedupeRow());
		expect(listed(await ledger.record(['a', 'b']))).toEqual([]);
		expect(listed(await ledger.record(['b', 'c']))).toEqual(['b']);
		expect(listed(await ledger.record(['a', 'b', 'c', 'd']))).toEqual(['a', 'b', 'c']);
	});

	it('remembers beyond the process', async () => {
		const row = new DedupeRow();
		await startProcess(row).ledger.record(['a']);
		expect(listed(await startProcess(row).ledger.record(['a', 'b']))).toEqual(['a']);
	});

	it('asks the database nothing about no keys', async () => {
		const { ledger, connection } = startProcess(new DedupeRow());
		expect(listed(await ledger.record([]))).toEqual([]);
		expect(connection.calls).toEqual([]);
	});

	it('keeps the calls of a process apart, and lets those that wait travel together', async () => {
		const { ledger, connection } = startProcess(new DedupeRow());
		const keys = Array.from({ length: 100 }, (_, index) => `key-${index}`);
		await Promise.all(keys.map(async (key) => await ledger.record([key])));

		expect(connection.mostAtOnce).toBe(1);
		expect(connection.calls.length).toBeLessThanOrEqual(2);
		expect(connection.calls.flat()).toEqual(keys);
		expect(listed(await ledger.record(keys))).toEqual(keys);
	});

	it('lets those travel together that come while a call is under way', async () => {
		const { ledger, connection } = startProcess(new DedupeRow());
		const first = ledger.record(['first']);
		await Promise.resolve();
		await Promise.resolve();
		expect(connection.calls).toEqual([['first']]);

		await Promise.all([first, ledger.record(['a']), ledger.record(['b']), ledger.record(['c'])]);
		expect(connection.calls).toEqual([['first'], ['a', 'b', 'c']]);
	});

	it('gives a key that several bring at once to the first of them only', async () => {
		const { ledger, connection } = startProcess(new DedupeRow());
		const answers = await Promise.all([
			ledger.record(['a', 'b']),
			ledger.record(['b', 'c']),
			ledger.record(['a', 'c', 'd']),
		]);
		expect(answers.map(listed)).toEqual([[], ['b'], ['a', 'c']]);
		expect(connection.calls.flat().sort()).toEqual(['a', 'b', 'c', 'd']);
	});
});

describe('find', () => {
	it('tells which keys are remembered, and remembers none', async () => {
		const row = new DedupeRow();
		const { ledger } = startProcess(row);
		await ledger.record(['a', 'b']);

		expect(listed(await ledger.find(['a', 'x', 'b', 'y']))).toEqual(['a', 'b']);
		expect(listed(await ledger.find(['x', 'y']))).toEqual([]);
		expect(row.contents).toEqual(['a', 'b']);
	});

	it('leaves an empty row when there was none', async () => {
		const row = new DedupeRow();
		const { ledger } = startProcess(row);
		expect(listed(await ledger.find(['x']))).toEqual([]);
		expect(row.contents).toEqual([]);
		expect(listed(await ledger.record(['x']))).toEqual([]);
	});

	it('asks the database nothing about no keys', async () => {
		const { ledger, connection } = startProcess(new DedupeRow());
		expect(listed(await ledger.find([]))).toEqual([]);
		expect(connection.calls).toEqual([]);
	});

	it('pushes nothing out of a row that is full', async () => {
		const row = new DedupeRow({ maxEntries: 3 });
		const { ledger } = startProcess(row);
		await ledger.record(['a', 'b', 'c']);
		expect(listed(await ledger.find(['x', 'a', 'y', 'z']))).toEqual(['a']);
		expect(row.contents).toEqual(['a', 'b', 'c']);
	});

	it('takes its turn with record', async () => {
		const { ledger, connection } = startProcess(new DedupeRow());
		const answers = await Promise.all([
			ledger.record(['a']),
			ledger.find(['a', 'b']),
			ledger.find(['c']),
			ledger.record(['b']),
		]);
		expect(connection.mostAtOnce).toBe(1);
		expect(answers.map((answer) => answer.has('a'))).toEqual([false, true, false, false]);
		expect(listed(await ledger.find(['a', 'b', 'c']))).toEqual(['a', 'b']);
	});
});

describe('without a database', () => {
	it('everything passes and nothing is remembered', async () => {
		const errors: Error[] = [];
		const ledger = new DurableLedger((error) => errors.push(error));
		expect(ledger.isConnected).toBe(false);
		expect(listed(await ledger.record(['a']))).toEqual([]);
		expect(listed(await ledger.find(['a']))).toEqual([]);
		expect(errors).toEqual([]);

		ledger.connect(new DedupeRow().connect());
		expect(ledger.isConnected).toBe(true);
		expect(listed(await ledger.record(['a']))).toEqual([]);
		expect(listed(await ledger.record(['a']))).toEqual(['a']);
	});

	it('a later execution brings its own connection, which is used from then on', async () => {
		const row = new DedupeRow();
		const { ledger, connection } = startProcess(row);
		await ledger.record(['a']);
		const later = row.connect();
		ledger.connect(later);
		await ledger.record(['b']);
		expect(connection.calls).toEqual([['a']]);
		expect(later.calls).toEqual([['b']]);
	});
});

describe('when the database fails', () => {
	it.each(['read', 'write', 'answer'] as const)(
		'to %s once, events pass, their keys are remembered, and the error is reported',
		async (step) => {
			const row = new DedupeRow();
			const { ledger, connection, errors } = startProcess(row);
			connection.failNext(step);
			expect(listed(await ledger.record(['a']))).toEqual([]);
			expect(errors).toEqual([new Error(`database not available (${step})`)]);
			expect(row.contents).toEqual(['a']);
			expect(listed(await ledger.record(['a']))).toEqual(['a']);
		},
	);

	it('for good, events pass, and the next ones are asked about again', async () => {
		const { ledger, connection, errors } = startProcess(new DedupeRow());
		connection.failNext('write', 'write');
		const answers = await Promise.all([ledger.record(['a']), ledger.record(['b'])]);
		expect(answers.map(listed)).toEqual([[], []]);
		expect(errors).toHaveLength(1);
		expect(listed(await ledger.record(['a']))).toEqual([]);
		expect(listed(await ledger.record(['a']))).toEqual(['a']);
	});

	it('for good, an event that comes twice in that moment still counts as a repeat', async () => {
		const { ledger, connection } = startProcess(new DedupeRow());
		connection.failNext('write', 'write');
		const answers = await Promise.all([ledger.record(['a']), ledger.record(['a'])]);
		expect(answers.map(listed)).toEqual([[], ['a']]);
	});

	it.each(['read', 'write'] as const)('to %s once, a look is repeated', async (step) => {
		const { ledger, connection, errors } = startProcess(new DedupeRow());
		await ledger.record(['a']);
		connection.failNext(step);
		expect(listed(await ledger.find(['a', 'b']))).toEqual(['a']);
		expect(errors).toEqual([]);
	});

	it('to answer a look, what was looked for does not count as remembered', async () => {
		const { ledger, connection } = startProcess(new DedupeRow());
		connection.failNext('answer');
		expect(listed(await ledger.find(['x']))).toEqual([]);
		expect(listed(await ledger.find(['x']))).toEqual([]);
	});

	it('a look for good, events pass and the error is reported', async () => {
		const { ledger, connection, errors } = startProcess(new DedupeRow());
		await ledger.record(['a']);
		connection.failNext('read', 'read');
		expect(listed(await ledger.find(['a']))).toEqual([]);
		expect(errors).toEqual([new Error('database not available (read)')]);
		expect(listed(await ledger.find(['a']))).toEqual(['a']);
	});

	it('to clean up after a look, the answer holds, and the keys prove nothing later', async () => {
		const row = new DedupeRow();
		const { ledger, connection, errors } = startProcess(row);
		await ledger.record(['a']);
		const look = ledger.find(['a', 'x']);
		// The look's first call asks, its second one cleans up.
		while (connection.calls.length < 3) {
			if (connection.calls.length === 2) connection.failNext('read');
			await Promise.resolve();
		}
		expect(listed(await look)).toEqual(['a']);
		expect(errors).toHaveLength(1);

		expect(listed(await ledger.find(['x']))).toEqual([]);
		expect(row.contents).not.toContain('x');
	});
});

describe('two processes', () => {
	it('that write the first row at the same moment both let their events pass and remember them', async () => {
		const row = new DedupeRow();
		const [one, other] = [startProcess(row), startProcess(row)];
		const answers = await Promise.all([one.ledger.record(['a']), other.ledger.record(['a', 'b'])]);

		expect(answers.map(listed)).toEqual([[], []]);
		expect([...one.errors, ...other.errors].map(({ message }) => message)).toEqual([
			'UNIQUE constraint failed: processed_data',
		]);
		expect(listed(await one.ledger.record(['a', 'b']))).toEqual(['a', 'b']);
	});

	it('that look into a row that is not there yet at the same moment find nothing', async () => {
		const row = new DedupeRow();
		const [one, other] = [startProcess(row), startProcess(row)];
		const answers = await Promise.all([one.ledger.find(['a']), other.ledger.find(['a', 'b'])]);
		expect(answers.map(listed)).toEqual([[], []]);
		expect([...one.errors, ...other.errors]).toEqual([]);
	});
});

describe('killed within a look', () => {
	it('the keys it looked for are forgotten before what marks them', async () => {
		const row = new DedupeRow({ maxEntries: 2 });
		const killed = startProcess(row);
		const look = killed.ledger.find(['x']);
		while (row.contents.length === 0) await Promise.resolve();
		killed.connection.kill();
		void look;

		const next = startProcess(row);
		await next.ledger.record(['a']);
		expect(row.contents).toHaveLength(2);
		expect(listed(await next.ledger.find(['x']))).toEqual([]);
		expect(row.contents).toEqual(['a']);
	});

	it.each(['read', 'write', 'answer'] as const)(
		'before it could %s, nothing that was looked for counts as remembered',
		async (killedAt) => {
			for (const call of [1, 2]) {
				const row: DedupeRow = new DedupeRow({
					turn: async (step) => {
						if (step === killedAt && killed.connection.calls.length === call) {
							killed.connection.kill();
						}
					},
				});
				const killed = startProcess(row);
				void killed.ledger.find(['x', 'y']);
				await new Promise(setImmediate);

				const next = startProcess(row);
				expect(listed(await next.ledger.find(['x']))).toEqual([]);
				expect(listed(await next.ledger.find(['x', 'y']))).toEqual([]);
				expect(row.contents).toEqual([]);
			}
		},
	);
});

describe('settle and findSettled', () => {
	it('finds what was settled, also in a later process', async () => {
		const row = new DedupeRow();
		await startProcess(row).ledger.settle(['a', 'b']);
		expect(listed(await startProcess(row).ledger.findSettled(['a', 'x', 'b']))).toEqual(['a', 'b']);
	});

	it('is not mistaken for, and does not mistake, what was recorded', async () => {
		const { ledger } = startProcess(new DedupeRow());
		await ledger.settle(['settled']);
		await ledger.record(['recorded']);
		expect(listed(await ledger.findSettled(['recorded']))).toEqual([]);
		expect(listed(await ledger.record(['settled']))).toEqual([]);
	});
});
