import { DurableLedger } from '../../../nodes/SendGrid/trigger/durableLedger';
import { DedupeRow, type DedupeConnection, type DedupeRowOptions } from '../../support/dedupeRow';
import { until } from '../../support/until';

interface Process {
	ledger: DurableLedger;
	connection: DedupeConnection;
	errors: Error[];
}

/** A process of n8n that works with the row; several of them, or one after the other. */
function startProcess(row: DedupeRow, isShared = false): Process {
	const errors: Error[] = [];
	const ledger = new DurableLedger((error) => errors.push(error), row.maxValues);
	const connection = row.connect();
	ledger.connect(connection, isShared);
	return { ledger, connection, errors };
}

/** A row that an earlier process has left: into one that is empty nobody looks. */
function usedRow(options: DedupeRowOptions = {}): DedupeRow {
	const row = new DedupeRow(options);
	row.insert(['earlier']);
	return row;
}

/** A row at which every call waits until it is opened. */
function gatedRow(): { row: DedupeRow; open: () => void } {
	let open: () => void = () => {};
	const isOpen = new Promise<void>((resolve) => (open = resolve));
	return { row: new DedupeRow({ turn: async () => await isOpen }), open };
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
		const { row, open } = gatedRow();
		const { ledger, connection } = startProcess(row);
		const all = [ledger.record(['first'])];
		await new Promise(setImmediate);
		all.push(...['a', 'b', 'c'].map(async (key) => await ledger.record([key])));
		await new Promise(setImmediate);
		expect(connection.calls).toEqual([['first']]);
		open();
		await Promise.all(all);
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

describe('findSettled', () => {
	it('finds what was settled, also in a later process', async () => {
		const row = usedRow();
		const { ledger } = startProcess(row);
		await ledger.settle(['a', 'b']);
		expect(listed(await ledger.findSettled(['a', 'x', 'b']))).toEqual(['a', 'b']);
		expect(listed(await startProcess(row).ledger.findSettled(['a', 'x', 'b']))).toEqual(['a', 'b']);
	});

	it('settles nothing by looking, however often and by however many processes', async () => {
		const row = usedRow();
		for (let process = 0; process < 12; process++) {
			const { ledger } = startProcess(row);
			expect(listed(await ledger.findSettled(['x']))).toEqual([]);
			expect(listed(await ledger.findSettled(['x']))).toEqual([]);
		}
	});

	it('finds what was looked for in vain by several processes and settled then', async () => {
		const row = usedRow();
		for (let process = 0; process < 5; process++) await startProcess(row).ledger.findSettled(['a']);
		const { ledger } = startProcess(row);
		await ledger.findSettled(['a']);
		await ledger.settle(['a']);
		for (let process = 0; process < 5; process++) {
			expect(listed(await startProcess(row).ledger.findSettled(['a', 'x']))).toEqual(['a']);
		}
	});

	it('looks once only for what nobody else can have settled', async () => {
		const { ledger, connection } = startProcess(usedRow());
		await ledger.findSettled(['a']);
		await ledger.findSettled(['a']);
		expect(connection.calls).toHaveLength(1);
		await ledger.settle(['a']);
		expect(listed(await ledger.findSettled(['a']))).toEqual(['a']);
	});

	it('asks the database nothing about no keys', async () => {
		const { ledger, connection } = startProcess(usedRow());
		expect(listed(await ledger.findSettled([]))).toEqual([]);
		await ledger.settle([]);
		expect(connection.calls).toEqual([]);
	});

	it('pushes nothing out of a row that is full', async () => {
		const row = usedRow({ maxValues: 3 });
		const { ledger } = startProcess(row);
		await ledger.settle(['a', 'b', 'c']);
		await ledger.findSettled(['x', 'y', 'z']);
		expect(listed(await startProcess(row).ledger.findSettled(['a', 'b', 'c']))).toEqual([
			'a',
			'b',
			'c',
		]);
	});

	it('gives the room of its traces back to what is settled', async () => {
		const row = usedRow({ maxValues: 3 });
		const { ledger } = startProcess(row);
		await ledger.settle(['a', 'b', 'c']);
		await ledger.findSettled(['x']);
		expect(row.contents).toHaveLength(5);
		await ledger.settle(['d', 'e']);
		expect(row.contents).toHaveLength(3);
	});

	it('lets looks and writes that wait travel together', async () => {
		const { row, open } = gatedRow();
		row.insert(['earlier']);
		const { ledger, connection } = startProcess(row);
		const first = ledger.settle(['first']);
		await new Promise(setImmediate);
		const others = [ledger.findSettled(['a']), ledger.settle(['b']), ledger.findSettled(['c'])];
		await new Promise(setImmediate);
		open();
		await Promise.all([first, ...others]);
		expect(connection.calls).toHaveLength(2);
		expect(connection.mostAtOnce).toBe(1);
		expect(listed(await ledger.findSettled(['a', 'b', 'c']))).toEqual(['b']);
	});

	it('is not mistaken for, and does not mistake, what was recorded', async () => {
		const { ledger } = startProcess(usedRow());
		await ledger.settle(['settled']);
		await ledger.record(['recorded']);
		expect(listed(await ledger.findSettled(['recorded']))).toEqual([]);
		expect(listed(await ledger.record(['settled']))).toEqual([]);
	});

	it('does not look into a row that was empty when it came', async () => {
		const { ledger, connection } = startProcess(new DedupeRow());
		expect(listed(await ledger.findSettled(['a']))).toEqual([]);
		await ledger.settle(['b']);
		await ledger.findSettled(['c']);
		expect(connection.calls).toEqual([['settled:b']]);
	});

	it('does so when other processes may have written to it since', async () => {
		const row = new DedupeRow();
		const [one, other] = [startProcess(row, true), startProcess(row, true)];
		await one.ledger.settle(['a']);
		expect(listed(await other.ledger.findSettled(['a', 'b']))).toEqual(['a']);
	});

	it('does not look into a row from which it has pushed out all that was there', async () => {
		const { ledger, connection } = startProcess(usedRow());
		const keys = (count: number) => Array.from({ length: count }, (_, index) => `key-${index}`);
		await ledger.settle(keys(39_999));
		await ledger.findSettled(['a']);
		expect(connection.calls).toHaveLength(2);
		await ledger.findSettled(['b']);
		expect(connection.calls).toHaveLength(2);
	});
});

describe('without a database', () => {
	it('everything passes and nothing is remembered', async () => {
		const errors: Error[] = [];
		const ledger = new DurableLedger((error) => errors.push(error));
		expect(ledger.isConnected).toBe(false);
		expect(listed(await ledger.record(['a']))).toEqual([]);
		await ledger.settle(['a']);
		expect(listed(await ledger.findSettled(['a']))).toEqual([]);
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
		const { ledger, connection, errors } = startProcess(usedRow());
		await ledger.settle(['a']);
		connection.failNext(step);
		expect(listed(await ledger.findSettled(['a', 'b']))).toEqual(['a']);
		expect(errors).toEqual([]);
	});

	it('to answer a look, what was looked for does not count as settled', async () => {
		const row = usedRow();
		const { ledger, connection } = startProcess(row);
		connection.failNext('answer');
		expect(listed(await ledger.findSettled(['x']))).toEqual([]);
		expect(listed(await startProcess(row).ledger.findSettled(['x']))).toEqual([]);
	});

	it('a look for good, events pass and the error is reported', async () => {
		const row = usedRow();
		const { ledger, connection, errors } = startProcess(row);
		await ledger.settle(['a']);
		connection.failNext('read', 'read');
		expect(listed(await ledger.findSettled(['a']))).toEqual([]);
		expect(errors).toEqual([new Error('database not available (read)')]);
		expect(listed(await startProcess(row).ledger.findSettled(['a']))).toEqual(['a']);
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
		const [one, other] = [startProcess(row, true), startProcess(row, true)];
		const answers = await Promise.all([
			one.ledger.findSettled(['a']),
			other.ledger.findSettled(['a', 'b']),
		]);
		expect(answers.map(listed)).toEqual([[], []]);
		expect([...one.errors, ...other.errors]).toEqual([]);
	});
});

describe('killed within a look', () => {
	it('the keys it looked for are forgotten before what marks them', async () => {
		const row = usedRow({ maxValues: 2 });
		const killed = startProcess(row);
		const look = killed.ledger.findSettled(['x']);
		await until(() => row.contents.length >= 2);
		killed.connection.kill();
		void look;

		const next = startProcess(row);
		await next.ledger.record(['a']);
		expect(row.contents).toHaveLength(2);
		expect(listed(await next.ledger.findSettled(['x']))).toEqual([]);
		// The marker of the first look is the next to be forgotten.
		await startProcess(row).ledger.record(['b']);
		expect(listed(await startProcess(row).ledger.findSettled(['x']))).toEqual([]);
	});

	it.each(['read', 'write', 'answer'] as const)(
		'before it could %s, nothing that was looked for counts as settled',
		async (killedAt) => {
			const row: DedupeRow = usedRow({
				turn: async (step) => {
					if (step === killedAt && killed.connection.calls.length === 1) killed.connection.kill();
				},
			});
			const killed = startProcess(row);
			void killed.ledger.findSettled(['x', 'y']);
			await new Promise(setImmediate);

			const next = startProcess(row);
			expect(listed(await next.ledger.findSettled(['x']))).toEqual([]);
			expect(listed(await next.ledger.findSettled(['x', 'y']))).toEqual([]);
		},
	);
});
