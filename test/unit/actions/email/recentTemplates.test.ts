import {
	RecentTemplates,
	type TemplateReading,
} from '../../../../nodes/SendGrid/actions/email/recentTemplates';

const reading = (subject: string): TemplateReading => ({
	version: { subject, text: '', html: '', testData: '' },
});

describe('templates that were read a moment ago', () => {
	it('are kept for a minute from when they were read', () => {
		const recent = new RecentTemplates();
		recent.set('a', reading('A'), 1_000);
		expect(recent.get('a', 60_999)).toEqual(reading('A'));
		expect(recent.get('a', 61_000)).toBeUndefined();
		expect(recent.get('b', 1_000)).toBeUndefined();
	});

	it('are kept as they were read last', () => {
		const recent = new RecentTemplates();
		recent.set('a', reading('A'), 0);
		recent.set('a', reading('B'), 30_000);
		expect(recent.get('a', 89_999)).toEqual(reading('B'));
	});

	it('are no more than fifty, the latest', () => {
		const recent = new RecentTemplates();
		for (let index = 0; index < 60; index++) recent.set(`t${index}`, reading('A'), index);
		const kept = Array.from({ length: 60 }, (_, index) => `t${index}`).filter((key) =>
			recent.get(key, 100),
		);
		expect(kept).toEqual(Array.from({ length: 50 }, (_, index) => `t${index + 10}`));
	});
});
